"""Log records on their way to the host: numbered, bounded, and kept until the host says that it has them."""

import collections
import json
import logging
import threading

from tenon.bind.v1 import bind_pb2 as pb

MAX_FRAME_BYTES, MAX_RECORD_BYTES = 64 * 1024, 32 * 1024


class LogBuffer:
    """What the host does not have yet, of which one frame is on its way. Over `max_bytes` the oldest that wait go, and are counted."""

    def __init__(self, max_bytes):
        self._lock, self._waiting, self._sent = threading.Lock(), collections.deque(), []
        self._max_bytes, self._bytes, self._room = max_bytes, 0, 0
        self._sequence, self._dropped, self._is_known = 0, 0, False
        self.level, self.wake = pb.LEVEL_INFO, lambda: None

    def add(self, entry):
        with self._lock:
            if entry.level < self.level:
                return
            self._sequence += 1
            entry.sequence = self._sequence
            self._waiting.append(entry)
            self._bytes += entry.ByteSize()
            while self._bytes > self._max_bytes:
                self._bytes -= self._waiting.popleft().ByteSize()
                self._dropped += 1
        self.wake()

    def rewind(self):
        """What was on its way waits again. Returns the number of the oldest record that is still here, 0 for none."""
        with self._lock:
            self._waiting.extendleft(reversed(self._sent))
            self._bytes += sum(entry.ByteSize() for entry in self._sent)
            self._sent = []
            return self._waiting[0].sequence if self._waiting else 0

    def begin(self, welcome, wake):
        """A link begins, after `rewind`."""
        with self._lock:
            # The record that ends a frame is as large as half of it at most.
            self._room = min(welcome.log_window_bytes, MAX_FRAME_BYTES) // 2
            self.level, self.wake = welcome.log_level.level, wake
            if not self._is_known:
                self._is_known, self._sequence = True, self._sequence + welcome.last_log
                for entry in self._waiting:
                    entry.sequence += welcome.last_log  # Behind those of an earlier process.
            while self._waiting and self._waiting[0].sequence <= welcome.last_log:
                self._bytes -= self._waiting.popleft().ByteSize()

    def taken(self, sequence):
        with self._lock:
            self._sent = [entry for entry in self._sent if entry.sequence > sequence]
        self.wake()

    def next_frame(self, is_last):
        """Records to send now, or None when there are none or the host has to take some first."""
        with self._lock:
            entries, size = [], 0
            while self._waiting and size < self._room and (is_last or not self._sent):
                entries.append(self._waiting.popleft())
                size += entries[-1].ByteSize()
            self._bytes -= size
            self._sent = self._sent + entries
            return pb.PluginFrame(logs=pb.Logs(entries=entries, dropped=self._dropped)) if entries else None


class LogHandler(logging.Handler):
    """Sends what is logged to the host. `extra={"fields": {…}, "call_id": "…", "trace_id": "…"}` goes along."""

    def __init__(self, buffer):
        super().__init__()
        self._buffer = buffer
        self.setFormatter(logging.Formatter("%(message)s"))  # The rest has fields of its own.

    def emit(self, record):
        try:
            message = self.format(record).encode(errors="replace")
            fields = json.dumps({"@module": record.name, **getattr(record, "fields", {})}, default=str)
            if len(message) + len(fields) > MAX_RECORD_BYTES:
                message, fields = message[:MAX_RECORD_BYTES], '{"truncated":true}'
            entry = pb.LogEntry(time_ms=record.created * 1000, level=min(record.levelno // 10, 4) + 1)
            entry.message, entry.fields = message.decode(errors="replace"), fields
            entry.call_id, entry.trace_id = getattr(record, "call_id", ""), getattr(record, "trace_id", "")
            self._buffer.add(entry)
        except Exception:
            self.handleError(record)
