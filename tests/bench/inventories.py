# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Droplets of an account as hosts: by our plugin, by that of community.digitalocean, and from files.

Each is read by the same two commands. `ansible-inventory --list` prints all hosts with all their variables, as a
controller reads them; it writes to a file, so that no terminal is measured. `ansible-inventory --host` for one host
loads the same inventory and prints almost nothing: it is what a play waits for before its first task.
"""

import json
import os
import statistics
import sys
import tempfile
import zipfile
from pathlib import Path

import process
import yaml
from account import ROOT
from figures import beside, difference, unwrapped
from scenarios import UNLIMITED

PACKAGE = "ansible==12.3.0"
"""The package that contains the other collection."""

COLLECTION = "ansible_collections/community/digitalocean/"
PEERS = ROOT / ".cache" / "peers" / PACKAGE

OURS, THEIRS, FILE = "ours, no backups", "community", "file, JSON"
OURS_FEW, THEIRS_FEW = "ours, five attributes", "community, five attributes"

YAML_MOST = 1000
"""With more hosts, a file in YAML takes minutes."""

ADDRESS = "do_networks.v4 | selectattr('type', 'eq', 'public') | map(attribute='ip_address') | first"
"""How ansible_host is made with the other plugin, as its documentation shows it."""


def peers():
    """A path with the other collection, which is downloaded if it is not there yet."""
    if not PEERS.exists():
        PEERS.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="download-", dir=PEERS.parent) as folder:
            order = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, PACKAGE]
            process.run([sys.executable, "-m", "pip", *order], dict(os.environ))
            (archive,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(archive) as wheel:
                wheel.extractall(
                    Path(folder, "new"), (name for name in wheel.namelist() if name.startswith(COLLECTION))
                )
            # Renamed last, so that an interrupted download is never taken for a complete one.
            Path(folder, "new").rename(PEERS)
    return PEERS


def surroundings(environment, account):
    """`environment` in which both collections are found, the other one trusts the simulator, and no failure is
    ignored.
    """
    paths = filter(None, (environment.get("ANSIBLE_COLLECTIONS_PATH"), str(peers())))
    return {
        **environment,
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(paths),
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True",
        "SSL_CERT_FILE": account.ca_path,
    }


def from_api(folder, account):
    """Write the inventories that read the API: a dict of name to file."""
    few = {"attributes": ["id", "name", "networks", "region", "size"]}
    return {
        OURS: _ours(folder / "plain.droplets.yml", backup_facts=False),
        "ours": _ours(folder / "backups.droplets.yml"),
        "ours, ages": _ours(folder / "ages.droplets.yml", backup_ages=True),
        OURS_FEW: _ours(folder / "few.droplets.yml", backup_facts=False, **few),
        THEIRS: _theirs(folder / "all.digitalocean.yml", account, _THE_SAME),
        "community, address": _theirs(
            folder / "address.digitalocean.yml", account, _THE_SAME, compose={"ansible_host": ADDRESS}
        ),
        THEIRS_FEW: _theirs(folder / "few.digitalocean.yml", account, _BY_DEFAULT),
    }


_BY_DEFAULT = ["id", "name", "networks", "region", "size_slug"]
_THE_SAME = [
    *_BY_DEFAULT,
    *("status", "locked", "created_at", "vcpus", "memory", "disk", "gpu_info", "image", "features", "tags", "vpc_uuid"),
    "volume_ids",
]
"""Our default attributes without the price: that plugin has it only within the whole record of a size."""


def _ours(file, **options):
    return _written(file, {"plugin": "lifeboat.digitalocean.droplets", "burst_limit": UNLIMITED, **options})


def _theirs(file, account, attributes, **options):
    """The other plugin at its best: the largest pages, and a token without a slow lookup."""
    own = {"baseurl": f"{account.api_url}/v2", "oauth_token": account.token}
    own |= {"pagination": 200, "attributes": attributes}
    return _written(file, {"plugin": "community.digitalocean.digitalocean", **own, **options})


def from_files(folder, hosts, with_yaml):
    """Write the same `hosts`, a dict of name to variables, as inventories without requests: a dict of name to file.

    JSON is what Ansible reads quickest: it tries it before YAML.
    """
    inventory = {"all": {"hosts": hosts}}
    files = {FILE: _written(folder / "static.json", inventory)}
    if with_yaml and len(hosts) <= YAML_MOST:
        files["file, YAML"] = folder / "static.yml"
        files["file, YAML"].write_text(yaml.dump(inventory, Dumper=yaml.CSafeDumper), encoding="utf-8")
    return files


def _written(file, content):
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def measure(account, folder, environment, rounds, patience, with_yaml):
    """A dict of name to the figures of that inventory, see `figures.beside`.

    Each is read once in each round, but not again after `patience` seconds. Ends the program if one of them has
    other hosts than the others.
    """
    environment = surroundings(environment, account)
    files = from_api(folder, account)
    expected = _list(files[OURS], environment)[1]
    files |= from_files(folder, expected, with_yaml)
    runs = {name: [] for name in files}
    for _round in range(rounds):
        for name, file in files.items():
            if sum(run["seconds"] for run in runs[name]) < patience:
                runs[name].append(_read(account, name, file, environment, expected))
    middles = {name: _middle(measured) for name, measured in runs.items()}
    theirs = {name: THEIRS_FEW if name in (OURS_FEW, THEIRS_FEW) else THEIRS for name in middles}
    return beside(middles, community=theirs, file=dict.fromkeys(middles, FILE))


def _read(account, name, file, environment, expected):
    """Read an inventory by both commands."""
    account.forget()
    run, hosts = _list(file, environment)
    requests = sum(account.journal_summary().values())
    if differs := difference(hosts, expected):
        raise SystemExit(f"{name}: {differs}\n{run.output[-4000:]}")
    one = process.run(["ansible-inventory", "-i", str(file), "--host", next(iter(expected))], environment)
    return {"seconds": run.seconds, "one_host": one.seconds, "requests": requests, "mib": run.other_mib}


def _list(file, environment):
    """List an inventory: the Run, and a dict of host to its variables."""
    listing = file.with_suffix(".listing")
    run = process.run(["ansible-inventory", "-i", str(file), "--list", "--output", str(listing)], environment)
    listed = json.loads(listing.read_text(encoding="utf-8"), object_hook=unwrapped)
    return run, listed["_meta"]["hostvars"]


def _middle(runs):
    return {
        "seconds": statistics.median(run["seconds"] for run in runs),
        "rounds": [run["seconds"] for run in runs],
        "one_host": statistics.median(run["one_host"] for run in runs),
        "requests": max(run["requests"] for run in runs),
        "mib": max(run["mib"] for run in runs),
    }
