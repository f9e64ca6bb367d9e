"""What attention is: scores, scopes, normalisers, one `attend` and one hook. Imports torch alone.

from regard.attention import LuongAttention, MultiHeadAttention, Hook, watching
"""

from regard.attention.attend import Attended, attend
from regard.attention.hook import Hook, Site, reads, sites, spread, watching
from regard.attention.luong import Looked, LuongAttention, Source
from regard.attention.multihead import MultiHeadAttention
from regard.attention.normalise import NORMALISERS
from regard.attention.scope import SCOPES, Place, Reach
from regard.attention.score import SCORES

__all__ = [
    "NORMALISERS",
    "SCOPES",
    "SCORES",
    "Attended",
    "Hook",
    "Looked",
    "LuongAttention",
    "MultiHeadAttention",
    "Place",
    "Reach",
    "Site",
    "Source",
    "attend",
    "reads",
    "sites",
    "spread",
    "watching",
]
