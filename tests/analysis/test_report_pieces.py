"""What the page is made of: scripts put together, drawings made small, results embedded whole."""

import json
import re
import shutil
import subprocess
import xml.dom.minidom
from itertools import pairwise
from pathlib import Path

import pytest

from analysis import comparison, load, load_missing
from analysis.figures import catalogue, style
from analysis.figures.material import Material
from analysis.report.embedding import embedded, measured_metrics
from analysis.report.page import TEMPLATES
from analysis.report.parts import names_of
from analysis.report.scripts import bundle
from analysis.report.slimming import Styles, slim
from analysis.stage import veiled
from analysis.wording import number, percent, signed
from tests.analysis.generate import GPU, Simulation, database

SCRIPTS = TEMPLATES / "scripts"


def test_modules_come_after_what_they_import(tmp_path: Path) -> None:
    (tmp_path / "main.js").write_text(
        'import { a, b } from "./one.js";\nimport { c } from "./two.js";\nsay(a, b(), c);\n'
    )
    (tmp_path / "one.js").write_text('import { c } from "./two.js";\nexport const a = c;\nexport function b() {}\n')
    (tmp_path / "two.js").write_text("const hidden = 1;\nexport const c = hidden;\n")
    text = bundle(tmp_path)
    assert "import" not in text
    assert "export" not in text
    assert [text.index(f"const ${name} =") for name in ("two", "one", "main")] == sorted(
        text.index(f"const ${name} =") for name in ("two", "one", "main")
    )
    assert "return { a, b };" in text
    assert "hidden }" not in text
    (tmp_path / "two.js").write_text('import { a } from "./one.js";\n')
    with pytest.raises(ValueError, match="one -> two -> one"):
        bundle(tmp_path)


def test_every_script_is_used_and_imports_what_is_there() -> None:
    text = bundle(SCRIPTS)
    for file in SCRIPTS.glob("*.js"):
        assert f"const ${file.stem} = (() =>" in text, f"{file.name} is imported by nobody"
        for names, module in re.findall(r"import \{([^}]*)\} from \"\./(\w+)\.js\"", file.read_text()):
            other = (SCRIPTS / f"{module}.js").read_text()
            exported = set(re.findall(r"^export (?:async )?(?:function|const) (\w+)", other, re.MULTILINE))
            asked = {name.strip() for name in names.split(",")}
            assert asked <= exported, (file.name, module)
            body = file.read_text().split("\n\n", 1)[1]
            assert all(re.search(rf"\b{name}\b", body) for name in asked), (file.name, asked)
        assert len(file.read_text().splitlines()) < 200


def test_a_slim_drawing_shows_the_same(tmp_path: Path) -> None:
    (grid,) = comparison(load(database(tmp_path / "r.db", Simulation(targets=(0.5, 0.9))))).grids
    material = Material.of_database(tmp_path / "r.db")
    picture = dict(catalogue.of_grid(material, grid))["accuracy-versus-sparsity"]
    fat = style.inline(picture.draw("wide"), "name", "Title", "What it is")
    styles = Styles()
    thin = styles.shared(slim(fat, "one"))
    assert len(thin) < len(fat) / 2
    before, after = (xml.dom.minidom.parseString(text) for text in (fat, thin))
    for tag in ("use", "text", "path"):
        assert len(before.getElementsByTagName(tag)) == len(after.getElementsByTagName(tag)), tag
    texts = [[node.firstChild.nodeValue for node in one.getElementsByTagName("text")] for one in (before, after)]
    assert texts[0] == texts[1]
    for name in ("x", "y"):
        fat_places, thin_places = (
            [float(node.getAttribute(name)) for node in one.getElementsByTagName("use")] for one in (before, after)
        )
        assert thin_places == pytest.approx(fat_places, abs=0.0051)
    ids = re.findall(r'\bid="([^"]*)"', thin)
    for reference in re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', thin):
        assert "".join(reference) in ids
    labelled = re.search(r'aria-labelledby="([^"]*)"', thin)
    assert labelled
    assert set(labelled[1].split()) <= set(ids)
    assert "style=" not in thin
    assert "var(--series-1)" in styles.css
    assert not set(ids) & set(re.findall(r'\bid="([^"]*)"', slim(fat, "other")))


def embedded_of(path: Path) -> dict[str, object]:
    runs, missing = load(path), load_missing(path)
    compared = comparison(runs, missing=missing)
    by_metric = {one.name: comparison(runs, one.name, missing=missing) for one in measured_metrics(runs)}
    looks = Material.of_database(path).looks
    text = embedded("r.db", compared, by_metric, runs, names_of(compared.grids), looks)
    assert "<" not in text
    found: dict[str, object] = json.loads(text)
    return found


def test_what_is_embedded_is_what_the_comparison_says(tmp_path: Path) -> None:
    statuses = {("lottery", 1, 0): ("failed", "x <script>"), ("lottery", 1, 1): ("diverged", "nan")}
    path = database(
        tmp_path / "r.db",
        Simulation(targets=(0.5, 0.9), statuses=statuses, planned=range(7)),
        Simulation(targets=(0.5,), environment=GPU, seeds=range(2)),
    )
    data = embedded_of(path)
    runs = load(path)
    for metric in ("test_accuracy", "validation_loss"):
        cells = [cell for grid in comparison(runs, metric, missing=load_missing(path)).grids for cell in grid.cells]
        values = data["values"][metric]
        assert values["mean"] == [cell.summary and pytest.approx(cell.summary.mean, abs=0) for cell in cells]
        assert values["low"] == [cell.summary and pytest.approx(cell.summary.low, rel=1e-6) for cell in cells]
        assert values["difference"] == [cell.difference and cell.difference.mean for cell in cells]
        assert values["p"] == [None if cell.p_holm is None else pytest.approx(cell.p_holm, rel=1e-3) for cell in cells]
    assert data["cells"]["planned"] == [cell.planned for cell in cells]
    first = data["runs"]["first"]
    assert first[0] == 0
    assert first[-1] == len(data["runs"]["key"]) == len(runs)
    assert [later - before for before, later in pairwise(first)] == [
        sum(
            (run["method"], run["level"], run["environment"]) == (cell.method, cell.level, grid.environment)
            for run in runs.to_dict("records")
        )
        for grid in comparison(runs, missing=load_missing(path)).grids
        for cell in grid.cells
    ]


def test_test_data_of_a_suite_in_development_are_not_in_the_page(tmp_path: Path) -> None:
    young_suite = Simulation(suite="young", data="other", targets=(0.5,))
    path = database(tmp_path / "r.db", Simulation(targets=(0.5,)), young_suite)
    runs = veiled(load(path), frozenset({("young", "full")}))
    compared = comparison(runs)
    by_metric = {one.name: comparison(runs, one.name) for one in measured_metrics(runs)}
    looks = Material.of_database(path).looks
    data = json.loads(embedded("r.db", compared, by_metric, runs, names_of(compared.grids), looks))
    young = [place for place, one in enumerate(data["problems"]) if one["suite"] == "young"]
    assert data["problems"][young[0]]["metric"] == "validation_accuracy"
    for place, problem in enumerate(data["cells"]["problem"]):
        shown = data["values"]["test_accuracy"]["mean"][place]
        assert (shown is None) == (problem in young)
        assert data["values"]["validation_accuracy"]["mean"][place] is not None


@pytest.mark.parametrize("value", [0.0, -0.004, 0.125, 12.5, 96.625, 96.6249999, -1234.565, 1e6, 2.675, 0.145])
def test_the_page_writes_numbers_as_the_tables_do(value: float, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine; the tests in the browser compare whole tables")
    (tmp_path / "main.mjs").write_text(
        (SCRIPTS / "format.js").read_text()
        + f"const texts = [0, 1, 2, 3].flatMap(d => [number({value!r}, d), signed({value!r}, d)]);\n"
        f"console.log(JSON.stringify([...texts, percent({abs(value) % 1!r})]));\n"
    )
    said = subprocess.run([node, str(tmp_path / "main.mjs")], capture_output=True, text=True, check=True).stdout
    expected = [text for decimals in range(4) for text in (number(value, decimals), signed(value, decimals))]
    assert json.loads(said) == [*expected, percent(abs(value) % 1)]
