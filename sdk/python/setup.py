"""Generates the code of the protocol into what is built. Needs the repository around it, where the .proto file is."""

from pathlib import Path

from grpc_tools import protoc
from setuptools import setup
from setuptools.command.build_py import build_py

PROTO = Path(__file__).resolve().parents[2] / "packages" / "core" / "proto"


class Build(build_py):
    def run(self):
        super().run()
        Path(self.build_lib).mkdir(parents=True, exist_ok=True)
        arguments = ["protoc", f"-I{PROTO}", f"--python_out={self.build_lib}", "tenon/bind/v1/bind.proto"]
        if protoc.main(arguments) != 0:
            raise SystemExit("protoc failed")


setup(cmdclass={"build_py": Build})
