# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every account is offered: regions, sizes and public images, already serialised."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from dosim import yamlfile

HOURS_OF_A_MONTH = 672  # prices by the hour are capped at 28 days


@dataclass(slots=True, frozen=True)
class PublicImage:
    """A distribution or one-click application."""

    id: int
    slug: str
    purpose: str
    name: str
    distribution: str
    created: str
    min_disk: int
    gigabytes: float
    regions: list[str]


@dataclass(slots=True, frozen=True)
class Catalogue:
    """``images`` is keyed by id and by slug, as the API lets one ask for them."""

    regions: dict[str, dict[str, Any]]
    sizes: dict[str, dict[str, Any]]
    images: dict[int | str, PublicImage]
    kernels: dict[int, dict[str, Any]]
    region_json: dict[str, orjson.Fragment]
    size_json: dict[str, orjson.Fragment]

    def is_gpu(self, size: str) -> bool:
        return "gpu_info" in self.sizes[size]

    def public_images(self) -> list[PublicImage]:
        return [image for key, image in self.images.items() if isinstance(key, int)]


def _disks(disk: int, scratch: int) -> list[dict[str, Any]]:
    disks = [("local", disk), ("scratch", scratch)]
    return [{"type": kind, "size": {"amount": amount, "unit": "gib"}} for kind, amount in disks if amount]


def _size(row: list[Any], gpu: list[Any] | None, everywhere: list[str]) -> dict[str, Any]:
    slug, memory, vcpus, disk, transfer, price, description = row
    count, model, vram, scratch, regions = gpu or (0, None, 0, 0, everywhere)
    size = {
        "slug": slug,
        "memory": memory,
        "vcpus": vcpus,
        "disk": disk,
        "transfer": float(transfer),
        "price_monthly": float(price),
        "price_hourly": round(price / HOURS_OF_A_MONTH, 5),
        "regions": sorted(regions),
        "available": True,
        "description": description,
        "disk_info": _disks(disk, scratch),
    }
    if gpu:
        size["gpu_info"] = {"count": count, "model": model, "vram": {"amount": vram, "unit": "gib"}}
    return size


@cache
def load() -> Catalogue:
    """The one catalogue that all worlds share."""
    data = yamlfile.load(Path(__file__).with_name("catalogue.yml"))
    open_regions = [slug for slug, (_name, available) in data["regions"].items() if available]
    sizes = {row[0]: _size(row, data["gpus"].get(row[0]), open_regions) for row in data["sizes"]}
    regions = {
        slug: {
            "name": name,
            "slug": slug,
            "features": data["region_features"],
            "available": available,
            "sizes": [size["slug"] for size in sizes.values() if slug in size["regions"]],
        }
        for slug, (name, available) in data["regions"].items()
    }
    images: dict[int | str, PublicImage] = {}
    for slug, (key, purpose, distribution, name, created, min_disk, gigabytes) in data["images"].items():
        image = PublicImage(key, slug, purpose, name, distribution, created, min_disk, gigabytes, open_regions)
        images[key] = images[slug] = image
    return Catalogue(
        regions=regions,
        sizes=sizes,
        images=images,
        kernels={
            key: {"id": key, "name": name, "version": version} for key, (name, version) in data["kernels"].items()
        },
        region_json={slug: orjson.Fragment(orjson.dumps(region)) for slug, region in regions.items()},
        size_json={slug: orjson.Fragment(orjson.dumps(size)) for slug, size in sizes.items()},
    )
