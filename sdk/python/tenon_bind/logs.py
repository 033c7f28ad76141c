"""Log records on their way to the host: numbered, bounded, and kept until the host says that it has them."""

import collections
import json
import logging
import threading

from tenon.bind.v1 import bind_pb2 as pb

FRAME_BYTES, MAX_RECORD_BYTES = 16 * 1024, 32 * 1024


class LogBuffer:
    """What the host does not have yet. Over `max_bytes` the oldest records that were not sent go, and are counted."""

    def __init__(self, max_bytes):
        self._lock, self._records = threading.Lock(), collections.deque()
        self._max_bytes, self._window, self._bytes = max_bytes, 0, 0
        self._sent, self._sent_bytes = 0, 0  # Those in front are on their way.
        self._sequence = self._dropped = 0
        self.level, self.wake = pb.LEVEL_INFO, lambda: None

    def add(self, entry):
        with self._lock:
            if entry.level < self.level:
                return
            self._sequence += 1
            entry.sequence = self._sequence
            self._records.append(entry)
            self._bytes += entry.ByteSize()
            while self._bytes > self._max_bytes and self._sent < len(self._records):
                self._bytes -= self._records[self._sent].ByteSize()
                del self._records[self._sent]
                self._dropped += 1
        self.wake()

    def oldest(self):
        """Sequence number of the oldest record that is still here, 0 for none."""
        with self._lock:
            return self._records[0].sequence if self._records else 0

    def resume(self, welcome, wake):
        """A link begins: what the host lacks is sent, whether or not it was sent before."""
        self.taken(welcome.last_log)
        with self._lock:
            self._sent, self._sent_bytes, self._window = 0, 0, welcome.log_window_bytes
            self.level, self.wake = welcome.log_level.level, wake

    def taken(self, sequence):
        with self._lock:
            while self._records and self._records[0].sequence <= sequence:
                size = self._records.popleft().ByteSize()
                self._bytes -= size
                if self._sent > 0:
                    self._sent, self._sent_bytes = self._sent - 1, self._sent_bytes - size
        self.wake()

    def next_frame(self):
        """Records to send now, or None when there are none or the host has to take some first."""
        with self._lock:
            entries, size = [], 0
            while self._sent < len(self._records) and size < FRAME_BYTES:
                entry = self._records[self._sent]
                if self._sent > 0 and self._sent_bytes + entry.ByteSize() > self._window:
                    break
                entries.append(entry)
                self._sent, self._sent_bytes = self._sent + 1, self._sent_bytes + entry.ByteSize()
                size += entry.ByteSize()
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
