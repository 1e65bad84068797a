"""What data sets are made from: streams that can be gone through again, and say what they hold."""

from __future__ import annotations

import abc
import inspect
import itertools
import os
import pathlib
import re
import shutil
import tarfile
import typing
import zipfile
from collections.abc import Iterator
from urllib import request

from heraclitus.base._memory import humanize_bytes

__all__ = ["Dataset", "FileDataset", "RemoteDataset", "SyntheticDataset"]

REG = "Regression"
BINARY_CLF = "Binary classification"
MULTI_CLF = "Multi-class classification"
MO_BINARY_CLF = "Multi-output binary classification"
MO_REG = "Multi-output regression"

_SECTION = re.compile(r"^\w+\n-{3,}\n", re.MULTILINE)


def get_data_home() -> str:
    """The folder for data sets that are downloaded: `HERACLITUS_DATA`, or one at home."""
    home = os.path.expanduser(os.environ.get("HERACLITUS_DATA", "~/heraclitus_data"))
    os.makedirs(home, exist_ok=True)
    return home


def _table(rows: dict[str, str]) -> str:
    """Names to the left, values to the right."""
    left, right = max(map(len, rows)), max(map(len, rows.values()))
    return "\n".join(f"{name:>{left}}  {value:<{right}}" for name, value in rows.items())


class Dataset(abc.ABC):
    """A stream that begins anew each time.

    Parameters
    ----------
    task
        What it is for, such as `base.REG` or `base.BINARY_CLF`.
    n_features
        How many features an event has.
    n_samples
        How many events there are; `None` if there is no end.
    n_classes
        How many classes there are, if any.
    n_outputs
        How many targets an event has, if several.
    sparse
        Whether features that are 0 are left out.
    """

    def __init__(
        self,
        task: str,
        n_features: int,
        n_samples: int | None = None,
        n_classes: int | None = None,
        n_outputs: int | None = None,
        sparse: bool = False,
    ) -> None:
        self.task = task
        self.n_features = n_features
        self.n_samples = n_samples
        self.n_outputs = n_outputs
        self.n_classes = n_classes
        self.sparse = sparse

    @abc.abstractmethod
    def __iter__(self) -> Iterator[typing.Any]:
        """The events from the beginning."""

    def take(self, k: int) -> Iterator[typing.Any]:
        """The first events.

        Parameters
        ----------
        k
            How many.
        """
        return itertools.islice(self, k)

    @property
    def desc(self) -> str:
        """What the docstring says before its sections."""
        return _SECTION.split(inspect.getdoc(type(self)) or "", maxsplit=1)[0].strip()

    @property
    def _repr_content(self) -> dict[str, str]:
        """What is shown of it."""
        content = {"Name": type(self).__name__, "Task": self.task}
        if isinstance(self, SyntheticDataset) and self.n_samples is None:
            content["Samples"] = "∞"
        counts = {
            "Samples": self.n_samples,
            "Features": self.n_features,
            "Outputs": self.n_outputs,
            "Classes": self.n_classes,
        }
        content |= {name: f"{count:,}" for name, count in counts.items() if count}
        content["Sparse"] = str(self.sparse)
        return content

    def __repr__(self) -> str:
        out = f"{self.desc}\n\n{_table(self._repr_content)}"
        doc = (inspect.getdoc(type(self)) or "").partition("Parameters\n----------\n")[2]
        params = _SECTION.split(doc, maxsplit=1)[0].rstrip()
        return f"{out}\n\nParameters\n----------\n{params}" if params else out


class SyntheticDataset(Dataset):
    """A stream that is made up.

    Parameters
    ----------
    task
        What it is for, such as `base.REG` or `base.BINARY_CLF`.
    n_features
        How many features an event has.
    n_samples
        How many events there are; `None` if there is no end.
    n_classes
        How many classes there are, if any.
    n_outputs
        How many targets an event has, if several.
    sparse
        Whether features that are 0 are left out.
    """

    def __repr__(self) -> str:
        params = {name: str(value) for name, value in self._get_params().items()}
        configuration = f"\n\nConfiguration\n-------------\n{_table(params)}" if params else ""
        return f"Synthetic data generator\n\n{_table(self._repr_content)}{configuration}"

    def _get_params(self) -> dict[str, typing.Any]:
        """The parameters that it was made with."""
        params = inspect.signature(self.__init__).parameters  # type: ignore[misc]
        named = (name for name, param in params.items() if param.kind != param.VAR_KEYWORD)
        return {name: getattr(self, name) for name in named}


class FileDataset(Dataset):
    """A stream from a file.

    Parameters
    ----------
    filename
        The name of the file.
    directory
        The folder that it is in; that of this module when left out.
    desc
        The parameters of `Dataset`.
    """

    def __init__(self, filename: str, directory: str | None = None, **desc: typing.Any) -> None:
        super().__init__(**desc)
        self.filename = filename
        self.directory = directory

    @property
    def path(self) -> pathlib.Path:
        """Where the file is."""
        folder = pathlib.Path(self.directory) if self.directory else pathlib.Path(__file__).parent
        return folder / self.filename

    @property
    def _repr_content(self) -> dict[str, str]:
        return {**super()._repr_content, "Path": str(self.path)}


class RemoteDataset(FileDataset):
    """A stream from a file that is downloaded when it is needed first.

    Parameters
    ----------
    url
        Where to get it.
    size
        How many bytes the file has in the end.
    unpack
        Whether what is downloaded is an archive.
    filename
        The name of the file, or of the folder, in the archive; that of the URL when left out.
    desc
        The parameters of `Dataset`.
    """

    def __init__(
        self,
        url: str,
        size: int,
        unpack: bool = True,
        filename: str | None = None,
        **desc: typing.Any,
    ) -> None:
        super().__init__(filename=filename or os.path.basename(url), **desc)
        self.url = url
        self.size = size
        self.unpack = unpack

    @property
    def path(self) -> pathlib.Path:
        return pathlib.Path(get_data_home(), type(self).__name__, self.filename)

    @property
    def is_downloaded(self) -> bool:
        """Whether the file is there, and whole."""
        if self.path.is_file():
            return self.path.stat().st_size == self.size
        return self.path.is_dir() and any(part.is_file() for part in self.path.rglob("*"))

    def download(self, force: bool = False, verbose: bool = True) -> None:
        """Gets the file.

        Parameters
        ----------
        force
            Whether to get it even if it is there.
        verbose
            Whether to say so.
        """
        if self.is_downloaded and not force:
            return
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        name = os.path.basename(self.url) if self.unpack else self.filename
        archive = folder / os.path.basename(name)
        with request.urlopen(self.url) as response:
            if verbose:
                size = response.headers.get("Content-Length")
                print(f"Downloading {self.url}{f' ({humanize_bytes(int(size))})' if size else ''}")
            with open(archive, "wb") as file:
                shutil.copyfileobj(response, file)
        if self.unpack:
            if verbose:
                print(f"Uncompressing into {folder}")
            _unpack(archive, folder)
            archive.unlink()

    @abc.abstractmethod
    def _iter(self) -> Iterator[typing.Any]:
        """The events of the file."""

    def __iter__(self) -> Iterator[typing.Any]:
        self.download()
        if not self.is_downloaded:
            raise RuntimeError(f"{self.url} gave something else than {self.size} bytes")
        yield from self._iter()

    @property
    def _repr_content(self) -> dict[str, str]:
        return {
            **super()._repr_content,
            "URL": self.url,
            "Size": humanize_bytes(self.size),
            "Downloaded": str(self.is_downloaded),
        }


def _unpack(archive: pathlib.Path, folder: pathlib.Path) -> None:
    if archive.suffix.endswith("zip"):
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(folder)
    elif archive.suffix.endswith(("gz", "tar")):
        with tarfile.open(archive) as tar:
            # Nothing outside of the folder.
            tar.extractall(folder, filter="data")
    else:
        raise RuntimeError(f"{archive.name} is no archive of a known kind")
