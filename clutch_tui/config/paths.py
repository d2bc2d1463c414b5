"""The places where the program keeps its files, and the identity of this installation."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The places on disk. `CLUTCH_HOME` puts all of them into one folder; otherwise they are where the
    system wants such files. Nothing is created before `prepare()`."""

    config_dir: Path
    data_dir: Path
    log_dir: Path
    cache_dir: Path

    @classmethod
    def find(cls, environ: Mapping[str, str] = os.environ) -> Home:
        """The home that the environment asks for."""
        if one_folder := environ.get("CLUTCH_HOME"):
            root = Path(one_folder).expanduser().absolute()
            return cls(root, root / "data", root / "log", root / "cache")
        import platformdirs

        places = platformdirs.PlatformDirs("clutch-tui", appauthor=False)
        return cls(
            Path(places.user_config_dir),
            Path(places.user_data_dir),
            Path(places.user_log_dir),
            Path(places.user_cache_dir),
        )

    @property
    def config_file(self) -> Path:
        return self.config_dir / "config.toml"

    @property
    def keys_dir(self) -> Path:
        """The folder of what opens something, outside the data folder: a copy of that says nothing without it."""
        return self.config_dir / "keys"

    @property
    def secrets_file(self) -> Path:
        """The file of what this terminal shows to the server, where the system has no key store."""
        return self.keys_dir / "secrets.json"

    @property
    def keys_file(self) -> Path:
        """The record of the databases' keys."""
        return self.keys_dir / "database.json"

    @property
    def device_id_file(self) -> Path:
        return self.data_dir / "device-id"

    def database(self, base_url: str, shop_id: str) -> Path:
        """The database of one shop on one backend. Changing either opens another file, so that unsent changes
        can never reach another shop; a terminal that is not set up yet works in `shop.db`."""
        if not base_url:
            return self.data_dir / "shop.db"
        place = f"{base_url.rstrip('/')}\n{shop_id}"
        readable = re.sub(r"[^a-z0-9]+", "-", f"{base_url.partition('//')[2]} {shop_id}".lower()).strip("-")
        digest = hashlib.sha256(place.encode()).hexdigest()[:10]
        return self.data_dir / f"{readable[:48].strip('-')}-{digest}.db"

    def move_secrets(self) -> None:
        """Bring the secrets from the data folder, where they were kept at first, to the other keys."""
        with suppress(FileNotFoundError):
            old = self.data_dir / self.secrets_file.name
            if old.exists() and not self.secrets_file.exists():
                make_private(self.keys_dir)
                os.replace(old, self.secrets_file)

    def prepare(self) -> None:
        """Create the folders, readable by their owner alone. Raises `OSError`."""
        for folder in (self.config_dir, self.keys_dir, self.data_dir, self.log_dir, self.cache_dir):
            make_private(folder)


def must_be_ours(home: Home) -> None:
    """Raise `ShopError` `error.home.of_other` where the shop's folders are those of another user of the system, before
    anything is written into them: each file that root made there would shut their owner out."""
    if os.name != "posix":
        return
    me = os.geteuid()
    for folder in (home.data_dir, home.keys_dir):
        owner = _owner(folder)
        if owner is not None and owner != me:
            from clutch_tui.core.errors import ShopError

            raise ShopError("error.home.of_other", path=str(folder), owner=_user(owner), user=_user(me))


def _owner(folder: Path) -> int | None:
    """Whose a folder is, or the first one above it that can be looked at where it lies behind a closed door; None where
    it has not been made yet."""
    try:
        return folder.stat().st_uid
    except PermissionError:
        for above in folder.parents:
            with suppress(OSError):
                return above.stat().st_uid
    except OSError:
        pass
    return None


def _user(number: int) -> str:
    """A user's name, or the number as `sudo -u` takes it."""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"#{number}"


def make_private(folder: Path) -> None:
    """Create a folder and those above it that are missing, all for their owner alone (`parents=True` would make
    those above readable by everybody)."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step, readable by its owner alone: a reader sees the old content or the new one,
    and after a crash one of the two is there."""
    make_private(path.parent)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def device_id(home: Home) -> str:
    """The UUID of this installation, made at the first call.

    Several processes may start at once: the file is linked into place, which only the first can do, and every
    one of them returns what that first one wrote.
    """
    path = home.device_id_file
    if (known := _read_device_id(path)) is not None:
        return known
    make_private(path.parent)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    write_private(draft, f"{uuid.uuid4()}\n".encode())
    try:
        try:
            os.link(draft, path)
        except FileExistsError:
            if _read_device_id(path) is None:  # damaged: an empty or half-written file is no identity
                os.replace(draft, path)
        except OSError:  # a file system without links, such as a memory stick's
            os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    known = _read_device_id(path)
    assert known is not None
    return known


def _read_device_id(path: Path) -> str | None:
    try:
        return str(uuid.UUID(path.read_text("ascii").strip()))
    except (FileNotFoundError, ValueError):
        return None
