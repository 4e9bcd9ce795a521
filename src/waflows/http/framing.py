"""Where one request ends and the next begins, so that a parser can be given one at a time.

httptools parses everything it is given at once. A client may send hundreds of requests ahead of
their answers, and parsing all of them in one turn of the event loop keeps every other connection
waiting. `Framing` says how far the next piece reaches: to the end of a head, to the end of a body
of known length, or over a part of a chunked body. A piece never holds more than one head.

It knows no more of HTTP than that a head and a chunked body end with an empty line. What comes in
any other form (a bare LF, for instance) is refused by the parser.
"""

from __future__ import annotations

CHUNKED_PIECE_BYTES = 16 * 1024
"""A chunked body is parsed in pieces of this size: each chunk, however small, costs a call."""
SMALL_CHUNKED_PIECE_BYTES = 1024
"""The size of a piece that many connections may parse in one turn of the event loop."""
USUAL_HEAD_BYTES = 8 * 1024
_END = b"\r\n\r\n"


class Framing:
    """The position of one connection in the requests it receives."""

    __slots__ = ("_chunked", "_left", "_tail", "bytes_without_data", "head_bytes")

    def __init__(self) -> None:
        self.head_bytes = 0
        """The size of the present head as far as it has come, with empty lines before it."""
        self.bytes_without_data = 0
        """How much of a chunked body came since its last data: chunk extensions and trailers."""
        self._left = 0
        self._chunked = False
        # The last bytes of a piece: the empty line may begin in one piece and end in the next.
        self._tail = b""

    @property
    def is_in_body(self) -> bool:
        """Whether the next bytes belong to a body."""
        return self._chunked or self._left > 0

    def is_one_head(self, data: bytes) -> bool:
        """Whether these bytes are a complete head of a usual size, with nothing before or after.

        They need not be cut, then.
        """
        return (
            data.find(_END) + len(_END) == len(data) <= USUAL_HEAD_BYTES
            and not self._left
            and not self._chunked
            and not self._tail
            and not self.head_bytes
        )

    def begin_body(self, length: int | None) -> None:
        """Expects a body of so many bytes, None for chunks, after a head that is complete."""
        self.head_bytes = 0
        self.bytes_without_data = 0
        self._chunked = length is None
        self._left = length or 0

    def note_data(self) -> None:
        """Notes that the present piece of a chunked body holds data."""
        self.bytes_without_data = 0

    def end_body(self) -> None:
        """Expects a head, after the parser has found the end of a chunked body."""
        self.bytes_without_data = 0
        self._chunked = False
        self._left = 0

    def end_of_piece(self, data: bytes, start: int, most: int = CHUNKED_PIECE_BYTES) -> int:
        """Where the piece that begins at `start` ends; `data` must go on after `start`.

        `most` bounds a piece of a chunked body.
        """
        if self._left:
            end = min(start + self._left, len(data))
            self._left -= end - start
            return end
        end = self._end_of_text(data, start, most)
        if self._chunked:
            self.bytes_without_data += end - start
        else:
            self.head_bytes += end - start
        return end

    def _end_of_text(self, data: bytes, start: int, most: int) -> int:
        if self._tail:
            found = (self._tail + data[start : start + 3]).find(_END)
            if found >= 0:
                end = start + found + len(_END) - len(self._tail)
                self._tail = b""
                return end
        end = min(start + most, len(data)) if self._chunked else len(data)
        found = data.find(_END, start, end)
        if found >= 0:
            self._tail = b""
            return found + len(_END)
        self._tail = (self._tail + data[max(start, end - 3) : end])[-3:]
        return end
