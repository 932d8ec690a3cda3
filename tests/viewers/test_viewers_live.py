from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webtv.testing.viewers import FakeStation

SEGMENT = bytes(range(200))


async def test_live_files_have_their_types_and_lifetimes(client: httpx.AsyncClient) -> None:
    expected = {
        "index.m3u8": ("application/vnd.apple.mpegurl", "no-store"),
        "init.mp4": ("video/mp4", "public, no-cache"),
        "s-000001.m4s": ("video/mp4", "public, max-age=3600, immutable"),
        "1800000000-42.m4s": ("video/mp4", "public, max-age=3600, immutable"),
    }
    for name, (media_type, cache) in expected.items():
        answer = await client.get(f"/hls/tideline/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media_type
        assert answer.headers["cache-control"] == cache
        assert answer.headers["accept-ranges"] == "bytes"
        assert "content-encoding" not in answer.headers
        again = await client.get(f"/hls/tideline/{name}", headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304


async def test_a_replaced_playlist_is_seen_at_once(client: httpx.AsyncClient, station: FakeStation) -> None:
    before = await client.get("/hls/tideline/index.m3u8")
    path = station.live["tideline"] / "index.m3u8"
    new = path.with_suffix(".new")
    new.write_text("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:9\n")
    new.replace(path)
    after = await client.get("/hls/tideline/index.m3u8", headers={"if-none-match": before.headers["etag"]})
    assert (after.status_code, after.text) == (200, "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:9\n")


@pytest.mark.parametrize(
    ("wanted", "status", "content"),
    [
        ("bytes=0-9", 206, SEGMENT[:10]),
        ("bytes=190-", 206, SEGMENT[190:]),
        ("bytes=-5", 206, SEGMENT[-5:]),
        ("bytes=-500", 206, SEGMENT),
        ("bytes=150-9999", 206, SEGMENT[150:]),
        ("bytes=200-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=9-3", 200, SEGMENT),
        ("bytes=0-1,5-6", 200, SEGMENT),
        ("frames=0-1", 200, SEGMENT),
    ],
)
async def test_ranges(client: httpx.AsyncClient, wanted: str, status: int, content: bytes) -> None:
    answer = await client.get("/hls/tideline/s-000001.m4s", headers={"range": wanted})
    assert (answer.status_code, answer.content) == (status, content)
    if status == 206:
        first = SEGMENT.index(content)
        assert answer.headers["content-range"] == f"bytes {first}-{first + len(content) - 1}/200"
    if status == 416:
        assert answer.headers["content-range"] == "bytes */200"
    stale = await client.get("/hls/tideline/s-000001.m4s", headers={"range": wanted, "if-range": '"old"'})
    assert (stale.status_code, stale.content) == (200, SEGMENT)


@pytest.mark.parametrize(
    "path",
    [
        "/hls/tideline/../secret.m3u8",
        "/hls/tideline/..%2fsecret.m3u8",
        "/hls/tideline/%2e%2e%2fsecret.m3u8",
        "/hls/tideline/..%5csecret.m3u8",
        "/hls/../secret.m3u8",
        "/hls/%2e%2e/secret.m3u8",
        "/hls/tideline/.index.m3u8",
        "/hls/tideline/index.m3u8%00.m4s",
        "/hls/tideline/index.m3u8%0a",
        "/hls/tideline/passwd",
        "/hls/tideline//etc/passwd",
        "/posters/..%2f..%2fsecret.jpg",
        "/posters/" + "0" * 64 + "%2f..%2fsecret.jpg",
        "/static/x/../app.py",
        "/static/x/..%2fapp.py",
        "/static/x//etc/passwd",
    ],
)
async def test_no_name_leaves_its_folder(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(httpx.URL("http://station").copy_with(raw_path=path.encode()))
    assert answer.status_code == 404
    assert "not for viewers" not in answer.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
async def test_any_name_is_answered_with_a_file_or_a_problem(client: httpx.AsyncClient, name: str) -> None:
    quoted = "".join(f"%{byte:02x}" for byte in name.encode())
    answer = await client.get(
        httpx.URL("http://station").copy_with(raw_path=f"/hls/tideline/{quoted}".encode())
    )
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_a_link_out_of_the_folder_is_followed_by_nobodys_name(
    client: httpx.AsyncClient, station: FakeStation, tmp_path: Path
) -> None:
    (station.live["tideline"] / "folder.m4s").mkdir()
    assert (await client.get("/hls/tideline/folder.m4s")).status_code == 404
