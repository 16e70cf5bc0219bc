"""Photos in folders and archives: found, in one order, decoded upright; and everything that can be wrong with them."""

from __future__ import annotations

import io
import re
import tarfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.data.trees import Photo, decode, decode_all, read_tree
from bench.errors import UserError
from tests.data.pictures import files, grow, picture, pixels, tar


def archive(form: str, path: Path, members: dict[str, bytes]) -> Path:
    if form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in members.items():
                packed.writestr(name, content)
        return path
    return tar(path, members, {"tar": "w", "tgz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}[form])


FORMS = ("tar", "tgz", "tar.bz2", "tar.xz", "zip")


def told(path: Path, inside: str = "") -> str:
    with pytest.raises(UserError) as caught:
        read_tree(path, inside)
    (line,) = caught.value.lines
    assert "\n" not in line
    assert line.startswith(str(path))
    return line


def photo_of(content: bytes, tmp_path: Path) -> Photo:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "x.jpg").write_bytes(content)
    return read_tree(tmp_path)[0]


@pytest.mark.parametrize("form", FORMS)
def test_a_folder_and_every_archive_of_it_hold_the_same_photos(form: str, tmp_path: Path) -> None:
    folder = grow(tmp_path / "photos", {"b": 2, "a": 3, "ä": 1})
    photos = read_tree(folder)
    assert [photo.label for photo in photos] == ["a", "a", "a", "b", "b", "ä"]
    assert [photo.name for photo in photos][:2] == ["a/000.png", "a/001.png"]
    shuffled = dict(reversed(files(folder).items()))
    packed = archive(form, tmp_path / f"photos.{form}", {f"./deep/{name}": data for name, data in shuffled.items()})
    same = read_tree(packed, "deep")
    assert same == tuple(Photo(p.label, p.name, p.sha256, f"{packed}/deep/{p.name}", p._read) for p in photos)
    assert [photo.read() for photo in same] == [photo.read() for photo in photos]


def test_a_single_folder_around_the_class_folders_is_passed_through(tmp_path: Path) -> None:
    grow(tmp_path / "deep/photos", {"a": 2, "b": 1})
    assert [photo.name for photo in read_tree(tmp_path / "deep")] == ["a/000.png", "a/001.png", "b/000.png"]
    assert read_tree(tmp_path / "deep") == read_tree(tmp_path / "deep/photos")
    (tmp_path / "deep/photos/c").mkdir()
    assert f"{tmp_path}/deep/photos/c: holds no photos" in told(tmp_path / "deep")
    (tmp_path / "deep/photos/c").rmdir()
    (tmp_path / "deep/photos/x.png").write_bytes(picture())
    assert "holds the one class folder 'photos'" in told(tmp_path / "deep")


def test_accents_are_one_name_however_a_system_stores_them(tmp_path: Path) -> None:
    composed = tar(tmp_path / "a.tar", {"a/x.png": picture(0), "\u00e4/\u00e9.png": picture(1)})
    apart = tar(tmp_path / "b.tar", {"a/x.png": picture(0), "a\u0308/e\u0301.png": picture(1)})
    names = [[(photo.label, photo.name) for photo in read_tree(path)] for path in (composed, apart)]
    assert names[0] == names[1] == [("a", "a/x.png"), ("\u00e4", "\u00e4/\u00e9.png")]


def test_clutter_is_passed_over_and_inner_folders_belong_to_their_class(tmp_path: Path) -> None:
    folder = grow(tmp_path / "photos", {"a": 1, "b": 1})
    (folder / "a/2019/may").mkdir(parents=True)
    (folder / "a/2019/may/x.JPG").write_bytes(picture(5, "JPEG"))
    for name in ("manifest.csv", "LICENSE.txt", "a/LICENSE", "a/Thumbs.db", ".DS_Store", "b/._000.png", "README.md"):
        (folder / name).write_text("not a photo")
    for name in (".git", "__MACOSX", "@eaDir"):
        grow(folder / name, {"c": 1})
    assert [photo.name for photo in read_tree(folder)] == ["a/000.png", "a/2019/may/x.JPG", "b/000.png"]


def test_links_in_a_folder_are_followed_to_photos_and_class_folders(tmp_path: Path) -> None:
    store = grow(tmp_path / "store", {"cats": 2, "dogs": 2})
    folder = tmp_path / "photos"
    (folder / "b").mkdir(parents=True)
    (folder / "a").symlink_to(store / "cats")
    (folder / "b/x.png").symlink_to(store / "dogs/000.png")
    assert [photo.name for photo in read_tree(folder)] == ["a/000.png", "a/001.png", "b/x.png"]
    (folder / "b/loop").symlink_to(folder)
    assert "is a link to a folder" in told(folder)
    (folder / "b/loop").unlink()
    (folder / "b/gone.png").symlink_to(store / "nowhere.png")
    assert "b/gone.png: can not be read (No such file or directory)" in told(folder)


def test_what_a_folder_can_lack_is_said_with_the_mend(tmp_path: Path) -> None:
    assert "no such file or folder; check the path" in told(tmp_path / "nowhere")
    assert "holds no class folders; give a folder for each class" in told(tmp_path)
    grow(tmp_path, {"a": 1})
    assert "holds the one class folder 'a', and two are needed" in told(tmp_path)
    (tmp_path / "b").mkdir()
    assert f"{tmp_path}/b: holds no photos" in told(tmp_path)
    (tmp_path / "b/notes.txt").write_text("soon")
    assert f"{tmp_path}/b: holds no photos" in told(tmp_path)
    assert "no such folder" in told(tmp_path, "train")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x.png", "lies in no class folder; make a folder for each class"),
        ("a/x.HEIC", ".heic files can not be read; convert it to JPEG or PNG"),
        ("a/x.dng", ".dng files can not be read"),
        ("a/x.docx", "is not a photo by its name; take it out, or rename it"),
        ("a/clip.mp4", "is not a photo by its name"),
        ("a/noname", "is not a photo by its name"),
    ],
)
def test_files_that_do_not_belong_are_named(name: str, said: str, tmp_path: Path) -> None:
    folder = grow(tmp_path / "photos", {"a": 1, "b": 1})
    (folder / name).write_bytes(b"x")
    line = told(folder)
    assert line.startswith(f"{folder}/{name}: ")
    assert said in line


@pytest.mark.parametrize("form", FORMS)
def test_a_truncated_archive_is_refused_wherever_it_ends(form: str, tmp_path: Path) -> None:
    members = {f"{label}/{number}.png": picture(number, height=40) for label in "ab" for number in range(4)}
    whole = archive(form, tmp_path / f"whole.{form}", members)
    assert len(read_tree(whole)) == 8
    content = whole.read_bytes()
    cut = tmp_path / f"cut.{form}"
    if form == "tar":  # a tar file is filled up with zeros behind its end mark; those may go
        ends = sorted({*range(0, whole.stat().st_size - 9000, 512), 1000, 1500, 5555})
    else:
        ends = [0, 1, 10, 100, len(content) // 2, len(content) - 30, len(content) - 9, len(content) - 1]
    with tarfile.open(whole) if form == "tar" else io.BytesIO() as opened:
        if isinstance(opened, tarfile.TarFile):
            last = opened.getmembers()[-1]
            ends = [end for end in ends if end < last.offset_data + (last.size + 511) // 512 * 512]
    for end in ends:
        cut.write_bytes(content[:end])
        assert "delete it and get it again" in told(cut), end


def test_an_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.tar"
    path.write_text("<html>not found</html>" * 100)
    assert "is no tar or zip file, or is cut off" in told(path)


@pytest.mark.parametrize("form", ["tar", "tgz", "zip"])
@pytest.mark.parametrize("name", ["../a/x.png", "a/../../x.png", "/a/x.png"])
def test_members_that_climb_out_are_refused(form: str, name: str, tmp_path: Path) -> None:
    packed = archive(form, tmp_path / f"x.{form}", {"a/1.png": picture(), "b/1.png": picture(1), name: picture(2)})
    assert "leads out of the archive" in told(packed)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_an_archive_are_refused(kind: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as opened:
        info = tarfile.TarInfo("a/x.png")
        info.type, info.linkname = kind, "/etc/passwd"
        opened.addfile(info)
    assert "is a link or a device; pack the files themselves" in told(path)
    zipped = tmp_path / "x.zip"
    with zipfile.ZipFile(zipped, "w") as packed:
        link = zipfile.ZipInfo("a/x.png")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    assert "is a link" in told(zipped)


def test_a_member_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as opened:
        for content in (b"one", b"two"):
            info = tarfile.TarInfo("a/x.png")
            info.size = 3
            opened.addfile(info, io.BytesIO(content))
    assert f"{path}/a/x.png: is there twice" in told(path)


def test_a_damaged_member_of_a_zip_file_is_refused(tmp_path: Path) -> None:
    path = archive("zip", tmp_path / "x.zip", {"a/x.png": picture(), "b/x.png": picture(1)})
    content = bytearray(path.read_bytes())
    content[60] ^= 255
    path.write_bytes(content)
    assert "delete it and get it again" in told(path)


def test_a_photo_that_changed_since_it_was_found_is_refused(tmp_path: Path) -> None:
    folder = grow(tmp_path / "photos", {"a": 1, "b": 1})
    changed, gone = read_tree(folder)
    (folder / changed.name).write_bytes(picture(7))
    (folder / gone.name).unlink()
    with pytest.raises(UserError, match="has changed since the data set was opened"):
        decode(changed, None, "RGB")
    with pytest.raises(UserError, match="b/000.png: can not be read"):
        decode(gone, None, "RGB")


def test_pixels_are_those_of_the_picture_by_channel_row_and_column(tmp_path: Path) -> None:
    photo = photo_of(picture(3), tmp_path)
    assert (decode(photo, None, "RGB") == pixels(3).transpose(2, 0, 1)).all()
    assert (decode(photo, (12, 16), "RGB") == pixels(3).transpose(2, 0, 1)).all()
    assert decode(photo, (6, 4), "RGB").shape == (3, 6, 4)
    grey = decode(photo, None, "L")
    assert grey.shape == (1, 12, 16)
    exact = pixels(3).astype(float) @ [0.299, 0.587, 0.114]  # ITU-R BT.601, which Pillow documents
    assert np.abs(grey[0] - exact).max() <= 1


def test_resizing_is_that_of_torchvision(tmp_path: Path) -> None:
    from torchvision.transforms import Resize  # the hand that shrank the published copies

    photo = photo_of(picture(3, height=50, width=70), tmp_path)
    expected = np.asarray(Resize((18, 18))(Image.open(io.BytesIO(photo.read()))))
    assert (decode(photo, (18, 18), "RGB") == expected.transpose(2, 0, 1)).all()


def test_large_jpeg_files_are_decoded_in_part_and_look_the_same(tmp_path: Path) -> None:
    photo = photo_of(picture(3, "JPEG", 900, 1300, quality=95), tmp_path)
    whole = Image.open(io.BytesIO(photo.read())).resize((20, 16), Image.Resampling.BILINEAR)
    assert np.abs(decode(photo, (16, 20), "RGB") - np.asarray(whole, float).transpose(2, 0, 1)).max() <= 3
    exact = Image.open(io.BytesIO(photo.read())).resize((400, 300), Image.Resampling.BILINEAR)
    assert (decode(photo, (300, 400), "RGB") == np.asarray(exact).transpose(2, 0, 1)).all()


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photo_is_turned_upright(turn: int, tmp_path: Path) -> None:
    turns = [lambda a: a, np.fliplr, lambda a: np.rot90(a, 2), np.flipud]
    turns += [lambda a: a.swapaxes(0, 1), lambda a: np.rot90(a, 1), lambda a: np.rot90(a, 2).swapaxes(0, 1)]
    turns += [lambda a: np.rot90(a, 3)]
    stored = Image.fromarray(np.ascontiguousarray(turns[turn - 1](pixels(3))))
    exif, stream = Image.Exif(), io.BytesIO()
    exif[0x0112] = turn
    stored.save(stream, "PNG", exif=exif)
    assert (decode(photo_of(stream.getvalue(), tmp_path), None, "RGB") == pixels(3).transpose(2, 0, 1)).all()


@pytest.mark.parametrize("form", ["JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM"])
def test_usual_formats_are_read(form: str, tmp_path: Path) -> None:
    got = decode(photo_of(picture(2, form), tmp_path), (12, 16), "RGB")
    assert np.abs(got.astype(int) - pixels(2).transpose(2, 0, 1)).mean() < 12


def test_unusual_kinds_of_pixels_are_read(tmp_path: Path) -> None:
    def saved(image: Image.Image, form: str = "PNG", place: str = "") -> np.ndarray:
        stream = io.BytesIO()
        image.save(stream, form)
        folder = tmp_path / f"{image.mode}{form}{place}".replace(";", "")
        folder.mkdir()
        return decode(photo_of(stream.getvalue(), folder), None, "RGB")

    clear = np.zeros((2, 2, 4), np.uint8)
    clear[0, 0] = (10, 20, 30, 255)
    assert saved(Image.fromarray(clear)).transpose(1, 2, 0).tolist() == [[[10, 20, 30], [255] * 3], [[255] * 3] * 2]
    wide = np.array([[0, 257, 25_700, 65_535]], np.uint16)
    assert saved(Image.fromarray(wide))[1].tolist() == [[0, 1, 100, 255]]
    assert saved(Image.fromarray(np.array([[True, False]])))[2].tolist() == [[255, 0]]
    assert saved(Image.new("CMYK", (3, 3)), "JPEG").min() >= 250
    palette = Image.new("P", (2, 2), 1)
    palette.putpalette([0, 0, 0, 9, 8, 7])
    assert saved(palette)[:, 0, 0].tolist() == [9, 8, 7]
    with pytest.raises(UserError, match="its pixels have 32 bits; convert it to JPEG or PNG"):
        saved(Image.new("F", (2, 2)), "TIFF")


WRONG = {
    "text": (b"not a photo at all", "is not an image of a format that can be read"),
    "empty": (b"", "is empty"),
    "cut off": (picture(1, "JPEG", 60, 60)[:700], "can not be read as an image"),
    "cut off png": (picture(1, "PNG", 60, 60)[:300], "can not be read as an image"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is a HEIC file, which can not be read; convert it"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_can_not_be_decoded_is_named_with_the_mend(kind: str, tmp_path: Path) -> None:
    content, said = WRONG[kind]
    photo = photo_of(content, tmp_path)
    with pytest.raises(UserError) as caught:
        decode(photo, (8, 8), "RGB")
    (line,) = caught.value.lines
    assert line.startswith(f"{tmp_path}/a/x.jpg: {said}")
    assert "\n" not in line


def test_an_image_of_absurd_size_is_refused(tmp_path: Path) -> None:
    header = b"P6 60000 60000 255\n"
    with pytest.raises(UserError, match="x.jpg: can not be read as an image"):
        decode(photo_of(header, tmp_path), (8, 8), "RGB")


def test_all_are_decoded_in_their_order_and_the_faulty_ones_named_together(tmp_path: Path) -> None:
    folder = grow(tmp_path / "photos", {"a": 9, "b": 8})
    photos = read_tree(folder)
    together = decode_all(photos, (6, 7), "RGB")
    assert (together == np.stack([decode(photo, (6, 7), "RGB") for photo in photos])).all()
    assert decode_all(photos, (6, 7), "L").shape == (17, 1, 6, 7)
    for name in ("a/003.png", "b/001.png"):
        (folder / name).write_bytes(b"torn")
    with pytest.raises(UserError) as caught:
        decode_all(read_tree(folder), (6, 7), "RGB")
    assert [re.sub(":.*", "", line) for line in caught.value.lines] == [f"{folder}/a/003.png", f"{folder}/b/001.png"]


def test_the_warnings_of_the_caller_stay_as_they_are(tmp_path: Path) -> None:
    before = list(warnings.filters)
    decode_all(read_tree(grow(tmp_path / "photos", {"a": 5, "b": 5})), (4, 4), "RGB")
    assert warnings.filters == before
