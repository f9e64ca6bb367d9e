"""One TOML file, one frozen `Recipe`: every setting is declared here, once.

Keys, `--set`, help and the table in the documentation are derived from the fields below;
`recipe_file` reads, changes and writes recipes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from regard.translation.toml import format_value

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]

NO_END = ("linear", "cosine")  # schedules that are defined by where they end


class Section(BaseModel):
    """A table of the recipe: frozen, no unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class DataRecipe(Section):
    """The files, and what is taken from them."""

    source: str = Field(
        default="", description="Source sentences, a line each, or both sides as TSV"
    )
    target: str = Field(
        default="", description="Target sentences, a line each; empty where `source` is TSV"
    )
    dev_source: str = Field(
        default="", description="Source of the dev part; empty: set aside from the text"
    )
    dev_target: str = Field(default="", description="Target of the dev part")
    test_source: str = Field(
        default="", description="Source of the test part; empty: set aside or none"
    )
    test_target: str = Field(default="", description="Target of the test part")
    links: str = Field(
        default="",
        description="Word links of the text to guide attention by, a line each: `0-0 1-2` "
        "(source-target, from 0)",
    )
    links_tokenised: bool = Field(
        default=False,
        description="Those links count what stands between spaces, not words and punctuation",
    )
    max_pieces: Positive = Field(
        default=100, description="Longer sentences (in pieces) are not trained on"
    )

    @model_validator(mode="after")
    def _files_come_in_pairs(self) -> DataRecipe:
        for part in ("dev", "test"):
            names = [f"{part}_source", f"{part}_target"]
            given = [name for name in names if getattr(self, name)]
            if len(given) == 1:
                missing = names[1 - names.index(given[0])]
                raise ValueError(f"{given[0]} is given, so {missing} is needed too")
        if self.target and not self.source:
            raise ValueError("target is given, so source is needed too")
        return self


class TokensRecipe(Section):
    """How text is cut into pieces."""

    kind: Literal["bpe", "words"] = Field(
        default="bpe", description="Byte-pair pieces, or whole words"
    )
    size: Annotated[int, Field(ge=5)] = Field(
        default=8000,
        description="Vocabulary of each side, special pieces included (words: the limit)",
    )
    shared: bool = Field(default=False, description="One vocabulary for both languages")
    lowercase: bool = Field(default=False, description="Lower-case the text first")


class ModelRecipe(Section):
    """The model: its family, sizes and attention."""

    family: Literal["rnn"] = Field(default="rnn", description="Stacked LSTM encoder and decoder")
    embedding: Positive = Field(default=256, description="Width of the embeddings")
    hidden: Positive = Field(
        default=256, description="Width of the decoder's LSTM, and of the encoder's states"
    )
    layers: Positive = Field(default=1, description="Layers of the encoder, and of the decoder")
    bidirectional: bool = Field(default=True, description="The encoder reads in both directions")
    attention: Literal["none", "dot", "general", "concat", "location", "additive", "scaled dot"] = (
        Field(default="general", description="The score; `none`: no attention at all")
    )
    scope: Literal["everything", "local-m", "local-p"] = Field(
        default="everything", description="Where a step may look: everywhere, or a window"
    )
    radius: Positive = Field(
        default=10, description="D: a local window sees up to 2 D + 1 source pieces"
    )
    normaliser: Literal["softmax", "sigmoid"] = Field(
        default="softmax", description="From scores to weights"
    )
    input_feeding: bool = Field(
        default=True, description="The attentional state is read by the next step"
    )
    reverse_source: bool = Field(
        default=False, description="The encoder reads the source from its end"
    )
    dropout: Share = Field(default=0.2, description="Share of the units dropped while training")
    tied: bool = Field(
        default=False, description="Output layer and target embedding are one matrix"
    )
    max_length: Positive = Field(
        default=101, description="Source length that `location` attention can score"
    )

    @model_validator(mode="after")
    def _parts_fit(self) -> ModelRecipe:
        if self.attention == "location" and self.scope != "everything":
            raise ValueError(
                f'attention = "location" scores fixed positions and has no scope = "{self.scope}"; '
                'use scope = "everything", or another score'
            )
        if self.attention == "none" and self.scope != "everything":
            raise ValueError(f'attention = "none" cannot have scope = "{self.scope}"')
        if self.attention == "none" and self.input_feeding:
            raise ValueError('attention = "none" sees nothing to feed: set input_feeding = false')
        if self.bidirectional and self.hidden % 2:
            raise ValueError(f"bidirectional halves hidden = {self.hidden}: choose an even size")
        if self.tied and self.embedding != self.hidden:
            raise ValueError(
                f"tied = true needs embedding = hidden, not {self.embedding} and {self.hidden}"
            )
        return self


class TrainingRecipe(Section):
    """The optimiser, its schedule, when to validate on dev, and when to stop."""

    optimiser: Literal["adam", "sgd"] = Field(
        default="adam",
        description="Adam on the mean loss of a piece; SGD on the sum over a sentence (Luong 2015)",
    )
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=0.002, description="At its highest"
    )
    schedule: Literal["constant", "inverse_sqrt", "linear", "cosine", "luong"] = Field(
        default="linear",
        description="How the rate falls: not; as 1/sqrt(update); to zero at the end along a line "
        "or a cosine; halved after every epoch from `halve_after` on",
    )
    warmup: Count = Field(default=0, description="Updates over which the rate rises to its highest")
    halve_after: Count = Field(default=5, description="Epochs at the full rate, for `luong`")
    beta2: Share = Field(default=0.999, description="Adam's memory for squared gradients")
    label_smoothing: Share = Field(
        default=0.1, description="Probability spread over the vocabulary"
    )
    guided_alignment: NotNegative = Field(
        default=0.0,
        description="Weight of the cross-entropy of `data.links` under attention; 0: off",
    )
    guided_rows: Literal["predicted", "input"] = Field(
        default="predicted",
        description="Which look the links guide: of the step that writes a word, or that reads it",
    )
    clip: NotNegative = Field(
        default=1.0, description="Longest gradient (norm), in the loss's scale; 0: any"
    )
    batch: Positive = Field(default=64, description="Size of a batch, in `batch_unit`")
    batch_unit: Literal["sentences", "tokens"] = Field(
        default="sentences", description="What `batch` counts; tokens: of both sides, padded"
    )
    accumulate: Positive = Field(default=1, description="Batches whose gradients make one update")
    average: Share = Field(
        default=0.0, description="Decay of a running average of the weights, used for dev; 0: off"
    )
    updates: Count = Field(default=0, description="Stop after so many updates; 0: no such limit")
    epochs: Count = Field(
        default=10, description="Stop after so many passes over the text; 0: no such limit"
    )
    seconds: NotNegative = Field(
        default=0.0, description="Stop after so much time, preparation included; 0: no such limit"
    )
    validate_every: Count = Field(
        default=0, description="Updates between two validations on dev; 0: chosen"
    )
    patience: Count = Field(
        default=5, description="Stop after so many validations without a better one; 0: never"
    )
    stop_by: Literal["bleu", "loss"] = Field(default="bleu", description="What better means")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto",
        description="Numbers of the matrix products; auto: bfloat16 where hardware has it",
    )
    seed: Count = Field(
        default=1, description="Of the first weights, the order of the text and dropout"
    )
    log_every: Positive = Field(default=50, description="Updates between two lines of log.jsonl")
    save_every_seconds: NotNegative = Field(
        default=60.0,
        description="Time between two saves, where a plan or new best weights ask for none before; "
        "results do not depend on it",
    )

    @property
    def rows_of_words(self) -> str:
        """The row of attention that is a word's: the one that links guided, or "predicted"."""
        return self.guided_rows if self.guided_alignment else "predicted"

    @model_validator(mode="after")
    def _it_ends(self) -> TrainingRecipe:
        limited = self.updates or self.epochs or self.seconds
        if not limited and self.schedule in NO_END:
            raise ValueError(
                f'schedule = "{self.schedule}" falls to zero at the end: '
                "set updates, epochs or seconds"
            )
        if not limited and not self.patience:
            raise ValueError("it would never stop: set patience, updates, epochs or seconds")
        return self


class SearchRecipe(Section):
    """How a trained model translates, unless asked otherwise."""

    beam: Positive = Field(default=5, description="Hypotheses kept; 1: greedy")
    length_alpha: NotNegative = Field(
        default=0.6, description="Exponent of the length normalisation; 0: none"
    )
    max_length: Count = Field(
        default=0, description="Longest translation, in pieces; 0: twice the source and 10"
    )


class Recipe(Section):
    """Everything that decides a translator, apart from the text and the machine."""

    data: DataRecipe = Field(default_factory=DataRecipe)
    tokens: TokensRecipe = Field(default_factory=TokensRecipe)
    model: ModelRecipe = Field(default_factory=ModelRecipe)
    training: TrainingRecipe = Field(default_factory=TrainingRecipe)
    search: SearchRecipe = Field(default_factory=SearchRecipe)

    @model_validator(mode="after")
    def _links_can_guide(self) -> Recipe:
        if bool(self.data.links) != bool(self.training.guided_alignment):
            raise ValueError(
                "links are given (data.links), but nothing is made of them: set "
                "training.guided_alignment, the weight of their loss"
                if self.data.links
                else "training.guided_alignment needs word links of the text: set data.links"
            )
        if self.data.links and self.model.attention == "none":
            raise ValueError('links (data.links) can guide no model with attention = "none"')
        if self.data.links and self.model.normaliser == "sigmoid":
            raise ValueError(
                'links (data.links) guide weights that share one look: normaliser = "softmax"'
            )
        return self

    @model_validator(mode="after")
    def _location_sees_every_word(self) -> Recipe:
        longest = self.data.max_pieces + 1  # and </s>
        if self.model.attention == "location" and self.model.max_length < longest:
            raise ValueError(f"location must score {longest} positions: set model.max_length")
        return self


def settings_table() -> str:
    """Every key with its values, default and meaning, as Markdown."""
    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for section, key, field in fields():
        default = format_value(field.default)
        lines.append(
            f"| `{section}.{key}` | {allowed(field)} | `{default}` | {field.description} |"
        )
    return "\n".join(lines) + "\n"


def fields() -> Iterator[tuple[str, str, FieldInfo]]:
    """Every setting: section, key and the field that declares it."""
    for section, model in sections().items():
        for key, field in model.model_fields.items():
            yield section, key, field


def sections() -> dict[str, type[Section]]:
    """The tables of a recipe by name."""
    found: dict[str, type[Section]] = {}
    for name, field in Recipe.model_fields.items():
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, Section)
        found[name] = field.annotation
    return found


def allowed(field: FieldInfo) -> str:
    """The values that a setting may have, in words."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(kind))
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    said = words[kind] if kind in words else str(kind)
    for bound in field.metadata:
        match bound:
            case Ge(ge=low):
                said += f", at least {low}"
            case Gt(gt=low):
                said += f", more than {low}"
            case Le(le=high):
                said += f", at most {high}"
            case Lt(lt=high):
                said += f", less than {high}"
            case _:
                pass
    return said
