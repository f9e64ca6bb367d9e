"""Parallel text that anybody may download: fetched, verified, written as plain files."""

from __future__ import annotations

import hashlib
import io
import ssl
import urllib.error
import urllib.request
import zipfile
import zlib
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from regard.translation.durable import cannot_write, write_text
from regard.translation.pairs import CorpusError

LARGEST_DOWNLOAD_BYTES = 100_000_000
LARGEST_TEXT_BYTES = 500_000_000
SECONDS_WITHOUT_AN_ANSWER = 30


@dataclass(frozen=True)
class Download:
    """An address, and how many pairs the file there has; None where it changes with time."""

    address: str
    pairs: int | None


@dataclass(frozen=True)
class PublicCorpus:
    """A text of two languages: where it is, what is in it, and whom to name.

    The text is a tab-separated file in a zip archive; `endings` name its columns, in order.
    """

    name: str
    downloads: tuple[Download, ...]
    member: str
    stem: str
    endings: tuple[str, str]
    attribution: str


CORPORA = {
    corpus.name: corpus
    for corpus in (
        PublicCorpus(
            name="spa-eng",
            downloads=(
                Download(
                    "https://storage.googleapis.com/download.tensorflow.org/data/spa-eng.zip",
                    pairs=118_964,
                ),
                Download("https://www.manythings.org/anki/spa-eng.zip", pairs=None),
            ),
            member="spa.txt",
            stem="spa",
            endings=("en", "es"),
            attribution=(
                "Sentences of the Tatoeba project (tatoeba.org), exported by "
                "www.manythings.org/anki; licence CC BY 2.0 "
                "(creativecommons.org/licenses/by/2.0): name both when you pass them on."
            ),
        ),
    )
}


@dataclass(frozen=True)
class Fetched:
    """What was written, where it came from, and what is known about it."""

    files: tuple[Path, Path]
    pairs: int
    origin: str
    sha256: str
    verified: str
    attribution: str

    def report(self) -> list[str]:
        """Lines for a person, the attribution last."""
        first, second = self.files
        return [
            f"{self.pairs:,} pairs in {first} and {second}",
            f"from {self.origin} (SHA-256 {self.sha256[:16]}…), {self.verified}",
            self.attribution,
        ]

    def __str__(self) -> str:
        return "\n".join(self.report())


def fetch(name: str, folder: Path, *, from_file: Path | None = None) -> Fetched:
    """Write the corpus of that name into `folder`: see `fetch_corpus`."""
    if name not in CORPORA:
        raise CorpusError(f"there is no public corpus {name!r}; known: {', '.join(CORPORA)}")
    return fetch_corpus(CORPORA[name], folder, from_file=from_file)


def fetch_corpus(corpus: PublicCorpus, folder: Path, *, from_file: Path | None = None) -> Fetched:
    """Write a public corpus into `folder` as two files, line n of one translating line n.

    With `from_file` (the archive, or the text in it) nothing is downloaded. Files that are there
    already are kept if they are the same. Raises `CorpusError`, in one line, when no address can be
    reached, for an archive that is damaged or is not this corpus, and for other files in the way.
    """
    if from_file is not None:
        content, origin, expected = _read(from_file), str(from_file), None
    else:
        content, download = _download(corpus)
        origin, expected = download.address, download.pairs
    columns = _columns(_text_of(content, corpus, origin), origin)
    pairs = len(columns[0])
    if expected is not None and pairs != expected:
        raise CorpusError(
            f"{origin}: has {pairs:,} pairs instead of {expected:,}: the file is not the one that "
            "this version of regard knows; report it, or use --from with a file that you trust"
        )
    published = {download.pairs for download in corpus.downloads}
    files = _write(corpus, folder, columns)
    return Fetched(
        files=files,
        pairs=pairs,
        origin=origin,
        sha256=hashlib.sha256(content).hexdigest(),
        verified=(
            "verified: as many pairs as published"
            if pairs in published
            else "another export than the one that published results are about"
        ),
        attribution=corpus.attribution,
    )


def _download(corpus: PublicCorpus) -> tuple[bytes, Download]:
    failures = []
    for download in corpus.downloads:
        try:
            return _get(download.address), download
        except (OSError, HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, ssl.SSLCertVerificationError):
                reason = "its certificate cannot be verified"
            failures.append(f"{download.address}: {reason or type(error).__name__}")
    raise CorpusError(
        f"{corpus.name} cannot be downloaded ({'; '.join(failures)}). Check the connection, or "
        "fetch the file elsewhere and name it with --from FILE"
    )


def _get(address: str) -> bytes:
    # Some servers refuse the name that urllib gives itself.
    request = urllib.request.Request(address, headers={"User-Agent": "regard"})
    with urllib.request.urlopen(request, timeout=SECONDS_WITHOUT_AN_ANSWER) as answer:
        content = answer.read(LARGEST_DOWNLOAD_BYTES + 1)
        announced = answer.headers.get("Content-Length")
    if len(content) > LARGEST_DOWNLOAD_BYTES:
        raise ValueError("is far larger than it should be")
    if announced is not None and announced.isdecimal() and int(announced) != len(content):
        raise ValueError(f"broke off after {len(content):,} of {int(announced):,} bytes")
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror or error})") from error


def _text_of(content: bytes, corpus: PublicCorpus, origin: str) -> str:
    if content[:2] == b"PK":
        content = _member(content, corpus, origin)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{origin}: is neither a zip archive nor UTF-8 text (byte {error.start + 1})"
        ) from error


def _member(content: bytes, corpus: PublicCorpus, origin: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [
                member
                for member in archive.infolist()
                if member.filename.rpartition("/")[2] == corpus.member
            ]
            if not members:
                raise CorpusError(
                    f"{origin}: has no {corpus.member} in it, so it is not {corpus.name}"
                )
            with archive.open(members[0]) as file:
                text = file.read(LARGEST_TEXT_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise CorpusError(f"{origin}: is a damaged archive ({error}); fetch it again") from error
    if len(text) > LARGEST_TEXT_BYTES:
        raise CorpusError(f"{origin}: {corpus.member} is far larger than it should be")
    return text


def _columns(text: str, origin: str) -> tuple[list[str], list[str]]:
    first: list[str] = []
    second: list[str] = []
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        # A third column, in later exports, names the authors.
        columns = [column.strip() for column in line.split("\t")[:2]]
        if len(columns) < 2 or not all(columns):
            raise CorpusError(f"{origin}, line {number}: should have two columns, parted by a tab")
        first.append(columns[0])
        second.append(columns[1])
    if not first:
        raise CorpusError(f"{origin}: is empty")
    return first, second


def _write(
    corpus: PublicCorpus, folder: Path, columns: tuple[list[str], list[str]]
) -> tuple[Path, Path]:
    # The language that is usually translated from comes first: Spanish, in spa-eng.
    one, other = (folder / f"{corpus.stem}.{ending}" for ending in corpus.endings)
    contents = {
        path: "".join(f"{line}\n" for line in column)
        for path, column in zip((one, other), columns, strict=True)
    }
    contents[folder / f"{corpus.stem}.attribution.txt"] = f"{corpus.attribution}\n"
    for path, content in contents.items():
        if path.exists() and _read(path) != content.encode():
            raise CorpusError(f"{path}: is there already; name another folder, or delete it first")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    for path, content in contents.items():
        write_text(path, content)
    return other, one
