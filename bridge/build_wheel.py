"""A PEP 517 backend of one page: zips the package and the line that makes Python load its hook.

setuptools has no plain way to put a `.pth` file beside the package, and it would have to be fetched.
"""

import base64
import hashlib
import json
import pathlib
import zipfile

HERE = pathlib.Path(__file__).parent
NAME = "muster_bridge"
# Imported by every Python of the environment at its start, so the hook imports nothing itself.
START_LINE = f"import {NAME}.hook\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel and returns its name (PEP 517)."""
    version = _version()
    folder = f"{NAME}-{version}.dist-info"
    files = {f"{NAME}/{path.name}": path.read_bytes() for path in sorted((HERE / NAME).glob("*.py"))}
    files[f"{NAME}.pth"] = START_LINE.encode()
    files[f"{folder}/METADATA"] = f"Metadata-Version: 2.1\nName: muster-bridge\nVersion: {version}\n".encode()
    files[f"{folder}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: muster\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items())
    files[f"{folder}/RECORD"] = f"{record}{folder}/RECORD,,\n".encode()
    name = f"{NAME}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return name


def build_sdist(sdist_directory, config_settings=None):
    raise NotImplementedError("the bridge is installed from Muster's own folder")


def _version():
    """Muster's version, from the package that this folder is part of."""
    return json.loads((HERE.parent / "package.json").read_text())["version"]


def _digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
