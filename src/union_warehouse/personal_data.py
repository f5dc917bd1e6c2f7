"""Personal data: the key, the keyed hash that is stored, and the mask that people may see.

Clear values stay in the inbox, the unchanged original and the sender's own receipt (domain: Forms). Everything else
holds HMAC-SHA256 under one key, so that the same person is the same value everywhere and nobody can list the
numbers and try them.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.contracts import PersonalData
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.files import write_new
from union_warehouse.paths import Home

KEY_VARIABLE = "UW_HASH_KEY"
KEY_FILE = "hash_key"
MINIMUM_KEY_BYTES = 16
_BLOCK = 64  # block size of SHA-256, in bytes


class WeakHashKey(UnionWarehouseError):
    """A key so short that hashes could be undone by trying keys."""

    code = "weak_hash_key"
    message_zh = "环境变量 {variable} 中的密钥太短（{length} 字节），请至少使用 {minimum} 字节的随机密钥。"
    message_en = "the key in {variable} has {length} bytes; use at least {minimum} random bytes."


class UnreadableKey(UnionWarehouseError):
    """A key of a home is not a key: what is made with it could not be compared with what was, and would protect nobody."""

    code = "unreadable_key"
    message_zh = "{path} 中没有完整的密钥：请从备份恢复该文件；尚无任何报送时可删除它，系统会生成新的密钥。"
    message_en = (
        "{path} holds no whole key: restore it from a backup; where nothing has landed yet, delete it, and a new one is made."
    )


@dataclass(frozen=True)
class HashKey:
    """The key under which personal data is hashed."""

    secret: bytes

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits that distinguish keys without giving the key away."""
        return self.digests([b"fingerprint"])[0][:16]

    def digests(self, values: list[bytes]) -> list[str]:
        """HMAC-SHA256 of each value in hex.

        Two prepared hash states are copied for each value, which is faster than ``hmac.digest`` on short texts.
        """
        secret = hashlib.sha256(self.secret).digest() if len(self.secret) > _BLOCK else self.secret
        block = secret.ljust(_BLOCK, b"\0")
        new_inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block)).copy
        new_outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block)).copy
        digests = []
        for value in values:
            inner, outer = new_inner(), new_outer()
            inner.update(value)
            outer.update(inner.digest())
            digests.append(outer.hexdigest())
        return digests


def load_hash_key(home: Home) -> HashKey:
    """The key from ``UW_HASH_KEY``; without it, the one of this home, made on first use and readable by its owner only.

    Raises:
        WeakHashKey: the variable holds fewer than 16 bytes.
        UnreadableKey: the key of this home is torn.
    """
    given = os.environ.get(KEY_VARIABLE, "").encode()
    if given:
        if len(given) < MINIMUM_KEY_BYTES:
            raise WeakHashKey(variable=KEY_VARIABLE, length=len(given), minimum=MINIMUM_KEY_BYTES)
        return HashKey(given)
    return HashKey(load_secret(home.root / KEY_FILE))


def has_hash_key(home: Home) -> bool:
    """Whether there is a key already, so that reading something need not make one."""
    return bool(os.environ.get(KEY_VARIABLE)) or (home.root / KEY_FILE).exists()


def load_secret(path: Path) -> bytes:
    """The random secret in a file, made on first use and readable by its owner only; of several that try at once, the first wins.

    Raises:
        UnreadableKey: it is torn.
    """
    if not path.exists():
        with suppress(FileExistsError):
            write_new(path, secrets.token_hex(32).encode(), is_private=True)
    kept = path.read_bytes().strip(b"\0 \r\n")
    if len(kept) < MINIMUM_KEY_BYTES:
        raise UnreadableKey(path=path)
    return kept


def hash_values(key: HashKey, values: pa.Array) -> pa.Array:
    """Keyed hash of each text; null stays null. Equal texts are hashed once."""
    encoded = pc.dictionary_encode(values)
    digests = pa.array(key.digests(encoded.dictionary.cast(pa.binary()).to_pylist()), pa.string())
    return pc.take(digests, encoded.indices)


def mask_values(kind: PersonalData, values: pa.Array) -> pa.Array:
    """What people may see of each text: ``王**`` of a name, ``3301************12`` of a number. The length is kept."""
    length = pc.utf8_length(values)
    if kind is PersonalData.NAME:
        return _join(pc.utf8_slice_codeunits(values, 0, 1), _stars(pc.subtract(length, 1)), None)
    # Six or fewer characters are no identity number; nothing of them may show, as four and two would show them all.
    is_short = pc.less_equal(length, 6)
    masked = _join(
        pc.utf8_slice_codeunits(values, 0, 4), _stars(pc.subtract(length, 6)), pc.utf8_slice_codeunits(values, -2, 2**31 - 1)
    )
    return pc.if_else(is_short, _stars(length), masked)


def _stars(count: pa.Array) -> pa.Array:
    positive = pc.max_element_wise(count, 0, skip_nulls=False)
    return pc.binary_repeat(pc.if_else(pc.is_valid(positive), "*", pa.scalar(None, pa.string())), positive)


def _join(head: pa.Array, middle: pa.Array, tail: pa.Array | None) -> pa.Array:
    parts = [head, middle] if tail is None else [head, middle, tail]
    return pc.binary_join_element_wise(*parts, "")
