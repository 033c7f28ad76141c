"""Lets a gRPC server dial in to a Tenon host as a plugin. README.md shows how, docs/protocol/bind.md is what it speaks."""

from .link import Rejected
from .logs import LogHandler
from .plugin import Plugin

__all__ = ["LogHandler", "Plugin", "Rejected"]
