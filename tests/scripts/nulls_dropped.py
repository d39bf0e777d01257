#!/usr/bin/env python3
"""Checks what `nulls: drop` made of a JSON document.

usage: nulls_dropped.py BEFORE AFTER

AFTER must be BEFORE without the members that are null: every other token byte for byte and in order, no null member left, no space
between tokens. Tokens are read by a regular expression over the raw bytes; no JSON library has a say.
"""

import re
import sys

TOKEN = re.compile(
    rb'("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")'
    rb"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    rb"|(true|false|null)"
    rb"|([{}\[\],:])"
)
SPACE = re.compile(rb"[ \t\r\n]+")


def tokens(text, name):
    """All tokens, and whether there was space between them."""
    found, at, spaced = [], 0, False
    while at < len(text):
        space = SPACE.match(text, at)
        if space:
            at, spaced = space.end(), True
            continue
        token = TOKEN.match(text, at)
        if not token:
            sys.exit(f"{name}: no token at byte {at}: {text[at:at + 40]!r}")
        found.append(token.group())
        at = token.end()
    return found, spaced


class Reader:
    """A value as the list of its tokens, null members left out."""

    def __init__(self, found, name):
        self.found, self.name, self.at, self.dropped = found, name, 0, 0

    def take(self, wanted=None):
        if self.at >= len(self.found):
            sys.exit(f"{self.name}: it ends too early")
        token = self.found[self.at]
        if wanted is not None and token != wanted:
            sys.exit(f"{self.name}: token {self.at} is {token!r} instead of {wanted!r}")
        self.at += 1
        return token

    def value(self):
        token = self.take()
        if token == b"{":
            return [b"{"] + self.parts(b"}", self.member) + [b"}"]
        if token == b"[":
            return [b"["] + self.parts(b"]", self.value) + [b"]"]
        if token in (b"}", b"]", b",", b":"):
            sys.exit(f"{self.name}: token {self.at - 1} is no value: {token!r}")
        return [token]

    def parts(self, end, read):
        kept = []
        if self.found[self.at : self.at + 1] == [end]:
            self.take(end)
            return kept
        while True:
            part = read()
            if part:
                kept += [b","] + part if kept else part
            if self.take() == end:
                return kept
            self.at -= 1
            self.take(b",")

    def member(self):
        key = self.take()
        if not key.startswith(b'"'):
            sys.exit(f"{self.name}: token {self.at - 1} is no name: {key!r}")
        self.take(b":")
        value = self.value()
        if value == [b"null"]:
            self.dropped += 1
            return []
        return [key, b":"] + value

    def document(self):
        value = self.value()
        if self.at != len(self.found):
            sys.exit(f"{self.name}: something follows the document")
        return value


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.setrecursionlimit(10_000)
    before_name, after_name = sys.argv[1:]
    with open(before_name, "rb") as file:
        before, _ = tokens(file.read(), before_name)
    with open(after_name, "rb") as file:
        after, spaced = tokens(file.read(), after_name)
    reader = Reader(before, before_name)
    expected = reader.document()
    if spaced:
        sys.exit(f"{after_name}: there is space between tokens")
    left = Reader(after, after_name)
    left.document()
    if left.dropped:
        sys.exit(f"{after_name}: {left.dropped} null members are left")
    for at, (wanted, found) in enumerate(zip(expected, after)):
        if wanted != found:
            sys.exit(f"{after_name}: token {at} is {found!r} instead of {wanted!r}")
    if len(expected) != len(after):
        sys.exit(f"{after_name}: {len(after)} tokens instead of {len(expected)}")
    print(f"{len(before)} tokens before, {len(after)} after, {reader.dropped} null members dropped")


main()
