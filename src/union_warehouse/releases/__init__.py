"""Published releases, as anybody reads them."""

from union_warehouse.releases.database import open_release
from union_warehouse.releases.read import (
    Release,
    current_release,
    list_releases,
    read_release,
    release_as_of,
    release_folder,
)

__all__ = ["Release", "current_release", "list_releases", "open_release", "read_release", "release_as_of", "release_folder"]
