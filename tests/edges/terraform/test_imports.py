"""Imports with the real terraform: only resources that the state lacks, with literal ids."""

import dataclasses
import json
from pathlib import Path

import hcl2
import pytest

from desired_state.kinds.adoption import Import
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.edges.terraform import imports as adoption
from tests.edges.conftest import Stage

HOSTILE = '${file("/etc/passwd")}%{ if true }yes%{ endif }"\\'
BLOCKS, IDS = "zz_adoption.tf", "zz_adoption.auto.tfvars.json"
STATE = {
    "resources": [
        {"mode": "managed", "type": "a_b", "name": "one", "instances": [{}]},
        {"mode": "managed", "type": "a_b", "name": "counted", "instances": [{"index_key": 0}, {"index_key": 1}]},
        {"mode": "managed", "module": 'module.m["k"]', "type": "a_b", "name": "c", "instances": [{"index_key": "x y"}]},
        {"mode": "managed", "type": "a_b", "name": "gone", "instances": [{"deposed": "0001"}]},
        {"mode": "data", "type": "a_b", "name": "read", "instances": [{}]},
    ]
}


def test_only_resources_missing_in_the_state_are_imported() -> None:
    existing = ["a_b.one", "a_b.counted[0]", "a_b.counted[1]", 'module.m["k"].a_b.c["x y"]']
    lacking = ["a_b.two", "a_b.counted[2]", 'module.m["j"].a_b.c["x y"]', "a_b.gone", "a_b.read"]
    imports = [Import(to=address, id="1") for address in existing + lacking]
    assert [one.to for one in adoption.missing(imports, STATE)] == lacking
    assert adoption.missing(imports, {}) == tuple(imports)


def test_an_id_is_not_part_of_the_block(tmp_path: Path) -> None:
    adoption.write(tmp_path, [Import(to='module.a["k"].a_b.c[0]', id=HOSTILE)])
    text = (tmp_path / BLOCKS).read_text()
    assert "passwd" not in text
    (block,) = hcl2.loads(text)["import"]
    assert 'module.a["k"].a_b.c[0]' in block["to"]
    assert json.loads((tmp_path / IDS).read_text()) == {"reconciler_import_ids": [HOSTILE]}
    adoption.write(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


async def test_an_existing_resource_is_adopted_once_by_its_literal_id(stage: Stage) -> None:
    known = Import(to="terraform_data.echo", id=HOSTILE)
    with_imports = dataclasses.replace(await stage.run(text="v1"), imports=(known,))
    async with stage.terraform().workspace(with_imports) as workspace:
        plan = await workspace.plan()
        (echo,) = (one for one in plan["resource_changes"] if one["address"] == "terraform_data.echo")
        assert echo["change"]["importing"] == {"id": HOSTILE}
        await workspace.apply()
    async with stage.terraform().workspace(with_imports) as workspace:
        plan = await workspace.plan()
        assert not any("importing" in one["change"] for one in plan["resource_changes"])
        assert not (stage.root() / BLOCKS).exists()
        assert not (stage.root() / IDS).exists()
        await workspace.plan(destroy=True)


async def test_an_address_missing_in_the_root_is_named(stage: Stage) -> None:
    known = Import(to="terraform_data.nowhere", id="x")
    async with stage.terraform().workspace(dataclasses.replace(await stage.run(text="v1"), imports=(known,))) as opened:
        with pytest.raises(TerraformFailed, match=r"terraform_data\.nowhere"):
            await opened.plan()
