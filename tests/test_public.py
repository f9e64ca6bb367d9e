"""Public text: from a server on this machine, or from a file; verified, or refused in one line."""

from __future__ import annotations

import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from regard.translation.pairs import CorpusError, read_pairs
from regard.translation.public import CORPORA, Download, PublicCorpus, fetch, fetch_corpus

TEXT = "Go.\tVe.\nI don't know.\tNo lo sé.\nRun!\t¡Corre!\n"


def archive(text: str = TEXT, name: str = "spa-eng/spa.txt") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("spa-eng/_about.txt", "about")
        file.writestr(name, text)
    return written.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    pages: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        if self.path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"PK")
            return
        page = self.pages.get(self.path)
        self.send_response(200 if page else 404)
        self.end_headers()
        self.wfile.write(page or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def corpus(*downloads: Download) -> PublicCorpus:
    return replace(CORPORA["spa-eng"], downloads=downloads)


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def test_a_download_becomes_two_files_and_names_its_authors(server: str, tmp_path: Path) -> None:
    Handler.pages = {"/spa-eng.zip": archive()}
    fetched = fetch_corpus(
        corpus(Download(f"{server}/spa-eng.zip", 3)), tmp_path / "new" / "folder"
    )
    spanish, english = fetched.files
    assert (spanish.name, english.name) == ("spa.es", "spa.en")
    assert lines(spanish) == ["Ve.", "No lo sé.", "¡Corre!"]
    assert lines(english) == ["Go.", "I don't know.", "Run!"]
    assert fetched.pairs == len(list(read_pairs(*fetched.files))) == 3
    assert "verified" in str(fetched)
    for text in (str(fetched), (spanish.parent / "spa.attribution.txt").read_text()):
        assert "tatoeba.org" in text
        assert "manythings.org/anki" in text
        assert "CC BY 2.0" in text
    assert len(list(spanish.parent.iterdir())) == 3


def test_the_second_address_is_asked_where_the_first_fails(server: str, tmp_path: Path) -> None:
    later = "".join(f"{line}\tCC-BY 2.0 (France)\n" for line in TEXT.splitlines())
    Handler.pages = {"/later.zip": archive(later + "Hi.\tHola.\t\r\n", name="spa.txt")}
    fetched = fetch_corpus(
        corpus(Download(f"{server}/gone.zip", 3), Download(f"{server}/later.zip", None)), tmp_path
    )
    assert fetched.origin.endswith("/later.zip")
    assert fetched.pairs == 4
    assert lines(fetched.files[0])[-1] == "Hola."
    assert "another export" in str(fetched)


def refusal(chosen: PublicCorpus, folder: Path, from_file: Path | None = None) -> str:
    with pytest.raises(CorpusError) as caught:
        fetch_corpus(chosen, folder, from_file=from_file)
    assert "\n" not in str(caught.value)
    assert not (folder / "spa.es").exists()
    return str(caught.value)


def test_offline_is_one_line_that_says_what_to_do(server: str, tmp_path: Path) -> None:
    Handler.pages = {}
    nobody = "http://127.0.0.1:1/spa-eng.zip"  # no server listens there
    line = refusal(corpus(Download(nobody, 3), Download(f"{server}/gone", None)), tmp_path)
    assert "spa-eng cannot be downloaded" in line
    assert nobody in line
    assert "Not Found" in line
    assert "--from FILE" in line


def test_a_download_that_breaks_off_is_refused(server: str, tmp_path: Path) -> None:
    assert "cannot be downloaded" in refusal(corpus(Download(f"{server}/short", 3)), tmp_path)


def test_another_number_of_pairs_than_published_is_refused(server: str, tmp_path: Path) -> None:
    Handler.pages = {"/spa-eng.zip": archive()}
    line = refusal(corpus(Download(f"{server}/spa-eng.zip", 4)), tmp_path)
    assert "has 3 pairs instead of 4" in line


@pytest.mark.parametrize("packed", [True, False])
def test_a_local_copy_needs_no_network(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "copy"
    path.write_bytes(archive() if packed else b"\xef\xbb\xbf" + TEXT.encode())
    fetched = fetch_corpus(corpus(Download("http://127.0.0.1:1/", 3)), tmp_path, from_file=path)
    assert fetched.origin == str(path)
    assert lines(fetched.files[1])[0] == "Go."


def test_what_is_not_the_corpus_is_refused(tmp_path: Path) -> None:
    chosen = CORPORA["spa-eng"]
    path = tmp_path / "copy.zip"
    whole = archive(TEXT * 200)
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    for content, complaint in (
        (archive(name="deu.txt"), "has no spa.txt in it"),
        (whole[:-40], "damaged archive"),
        (bytes(damaged), "damaged archive"),
        (b"\xff\xfe\x00", "neither a zip archive nor UTF-8"),
        (b"Go.\tVe.\nno tab here\n", "line 2: should have two columns"),
        (b"Go.\t\n", "line 1: should have two columns"),
        (b"", "is empty"),
    ):
        path.write_bytes(content)
        line = refusal(chosen, tmp_path / "out", path)
        assert line.startswith(str(path))
        assert complaint in line
    assert "cannot be read" in refusal(chosen, tmp_path / "out", tmp_path / "missing")
    assert not (tmp_path / "out").exists()


def test_other_files_are_not_overwritten_and_the_same_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "copy.txt"
    path.write_text(TEXT, encoding="utf-8")
    for _ in range(2):
        fetch("spa-eng", tmp_path, from_file=path)
    mine = tmp_path / "spa.es"
    mine.write_text("mine\n")
    with pytest.raises(CorpusError, match=r"spa\.es: is there already"):
        fetch("spa-eng", tmp_path, from_file=path)
    assert mine.read_text() == "mine\n"


def test_every_known_corpus_says_where_it_is_and_whom_to_name() -> None:
    for name, known in CORPORA.items():
        assert known.name == name
        assert all(download.address.startswith("https://") for download in known.downloads)
        assert "licence" in known.attribution
    with pytest.raises(CorpusError, match="no public corpus 'spa'; known: spa-eng"):
        fetch("spa", Path())
