"""A client no one here wrote, generated from 8x8's own document, runs every operation."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import httpx2
import pytest
from contract.reference_document import flow_document
from harness.flow_json import valid_flow
from harness.servers import Tenant

_PACKAGE = "client_generated_from_8x8s_document"
_OPERATIONS = "api.default"
_FLOW_JSON = valid_flow("Guten Tag, ¡hola!")


class Generated:
    """The generated package, bound to a tenant of a server."""

    def __init__(self, tenant: Tenant, api_key: str | None = None) -> None:
        self.models = _module("models")
        self.unset = _module("types").UNSET
        self.unexpected_status = _module("errors").UnexpectedStatus
        self._where = (tenant.account_id, tenant.channel_id)
        self.client = _module("client").AuthenticatedClient(
            base_url=tenant.url,
            token=api_key or tenant.api_key,
            raise_on_unexpected_status=True,
            httpx_args={"trust_env": False},
        )

    def call(
        self, operation: str, *more: Any, where: tuple[str, str] | None = None, **rest: Any
    ) -> Any:
        """Runs an operation; the response with its typed body."""
        function = _module(f"{_OPERATIONS}.{operation}").sync_detailed
        return function(*(where or self._where), *more, client=self.client, **rest)

    def call_async(self, operation: str, *more: Any, **rest: Any) -> Any:
        """Runs an operation through the client's asynchronous form."""
        function = _module(f"{_OPERATIONS}.{operation}").asyncio_detailed
        return asyncio.run(function(*self._where, *more, client=self.client, **rest))

    def new_flow(self, name: str, **fields: Any) -> Any:
        """The body of a create request."""
        other = self.models.CreateWhatsappFlowBodyCategoriesItem.OTHER
        return self.models.CreateWhatsappFlowBody(name=name, categories=[other], **fields)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{_PACKAGE}.{name}")


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Generates the client and makes it importable for this run."""
    folder = tmp_path_factory.mktemp("generated")
    document = folder / "openapi.json"
    document.write_text(json.dumps(flow_document("http://localhost")), "utf-8")
    config = folder / "config.json"
    config.write_text(json.dumps({"post_hooks": []}), "utf-8")
    target = folder / "package"
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none",
         "--fail-on-warning", "--path", document, "--config", config, "--output-path", target],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    _load(target)
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == _PACKAGE]:
        del sys.modules[name]


def _load(package: Path) -> None:
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, package / "__init__.py", submodule_search_locations=[str(package)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = module
    spec.loader.exec_module(module)


@pytest.fixture
def generated(package: None, server: Tenant) -> Generated:
    return Generated(server)


def test_the_document_has_eight_flow_operations(package: None) -> None:
    folder = Path(str(_module(_OPERATIONS).__file__)).parent

    assert sorted(file.stem for file in folder.glob("*_flow*.py")) == [
        "create_whatsapp_flow",
        "delete_whatsapp_flow",
        "deprecate_whatsapp_flow",
        "get_whatsapp_flow_details",
        "get_whatsapp_flows",
        "preview_whatsapp_flow",
        "publish_whatsapp_flow",
        "update_whatsapp_flow",
    ]


def test_create_answers_an_id_success_and_no_validation_errors(generated: Generated) -> None:
    answer = generated.call(
        "create_whatsapp_flow", body=generated.new_flow("Order", flow_json=_FLOW_JSON)
    )

    assert answer.status_code == 200
    created = answer.parsed
    assert isinstance(created, generated.models.CreateFlowResponse)
    assert created.id.isdecimal()
    assert 15 <= len(created.id) <= 17
    assert created.success is True
    assert created.validation_errors is generated.unset
    assert created.additional_properties == {}


def test_faults_of_a_flow_json_are_typed_down_to_their_pointers(generated: Generated) -> None:
    faulty = _FLOW_JSON.replace("TextBody", "Text")

    created = generated.call(
        "create_whatsapp_flow", body=generated.new_flow("Faulty", flow_json=faulty)
    ).parsed
    details = generated.call("get_whatsapp_flow_details", created.id).parsed

    assert created.success is True
    for answer in (created, details):
        assert answer.validation_errors
        for fault in answer.validation_errors:
            assert fault.additional_properties == {}
            assert all(isinstance(text, str) for text in (fault.error, fault.error_type))
            assert fault.message
            for place in (fault, *fault.pointers):
                assert 1 <= place.line_start <= place.line_end
                assert place.column_start >= 1
                assert place.column_end >= 1
            assert all(pointer.path for pointer in fault.pointers)
            assert all(pointer.additional_properties == {} for pointer in fault.pointers)


def test_create_takes_every_documented_field(generated: Generated) -> None:
    source = generated.call(
        "create_whatsapp_flow", body=generated.new_flow("Source", flow_json=_FLOW_JSON)
    ).parsed
    body = generated.new_flow(
        "Copy",
        publish=True,
        clone_flow_id=source.id,
        end_point_uri="https://example.org/flow-completion",
    )

    copy = generated.call("create_whatsapp_flow", body=body).parsed

    details = generated.call("get_whatsapp_flow_details", copy.id).parsed
    assert details.status.value == "PUBLISHED"
    assert httpx2.get(details.flow_json_url, trust_env=False).text == _FLOW_JSON


def test_list_answers_id_name_and_status_newest_first(generated: Generated) -> None:
    first = generated.call("create_whatsapp_flow", body=generated.new_flow("First")).parsed
    second = generated.call("create_whatsapp_flow", body=generated.new_flow("Second")).parsed

    answer = generated.call("get_whatsapp_flows")

    assert answer.status_code == 200
    assert isinstance(answer.parsed, generated.models.GetFlowsResponse)
    assert answer.parsed.additional_properties == {}
    assert [flow.to_dict() for flow in answer.parsed.flows] == [
        {"id": second.id, "name": "Second", "status": "DRAFT"},
        {"id": first.id, "name": "First", "status": "DRAFT"},
    ]
    assert all(flow.additional_properties == {} for flow in answer.parsed.flows)
    assert len(generated.call("get_whatsapp_flows", limit=1).parsed.flows) == 1


def test_details_lead_to_the_flow_json_byte_for_byte(generated: Generated) -> None:
    flow_id = generated.call(
        "create_whatsapp_flow", body=generated.new_flow("Order", flow_json=_FLOW_JSON)
    ).parsed.id

    details = generated.call("get_whatsapp_flow_details", flow_id).parsed

    assert isinstance(details, generated.models.FlowDetailsResponse)
    assert details.flow_id == flow_id
    assert details.name == "Order"
    assert details.status is generated.models.FlowDetailsResponseStatus.DRAFT
    assert details.categories == [generated.models.FlowDetailsResponseCategoriesItem.OTHER]
    assert details.validation_errors is generated.unset
    assert details.additional_properties == {}
    fetched = httpx2.get(details.flow_json_url, trust_env=False)
    assert fetched.content == _FLOW_JSON.encode("utf-8")


def test_details_of_a_flow_without_flow_json_have_no_url(generated: Generated) -> None:
    flow_id = generated.call("create_whatsapp_flow", body=generated.new_flow("Bare")).parsed.id

    details = generated.call("get_whatsapp_flow_details", flow_id).parsed

    assert details.flow_json_url is generated.unset


def test_update_takes_every_documented_field(generated: Generated) -> None:
    flow_id = generated.call("create_whatsapp_flow", body=generated.new_flow("Before")).parsed.id
    models = generated.models
    body = models.UpdateWhatsappFlowBody(
        name="After",
        categories=[models.UpdateWhatsappFlowBodyCategoriesItem.SURVEY],
        publish=False,
        flow_json=_FLOW_JSON,
        end_point_uri="https://example.org/flow",
        application_id="123456789",
    )

    updated = generated.call("update_whatsapp_flow", flow_id, body=body).parsed

    assert isinstance(updated, models.CreateFlowResponse)
    assert updated.to_dict() == {"id": flow_id, "success": True}
    details = generated.call("get_whatsapp_flow_details", flow_id).parsed
    assert (details.name, details.categories, details.status.value) == (
        "After",
        [models.FlowDetailsResponseCategoriesItem.SURVEY],
        "DRAFT",
    )


def test_preview_answers_a_link_that_opens_and_its_end(generated: Generated) -> None:
    flow_id = generated.call(
        "create_whatsapp_flow", body=generated.new_flow("Shown", flow_json=_FLOW_JSON)
    ).parsed.id

    preview = generated.call("preview_whatsapp_flow", flow_id).parsed

    assert isinstance(preview, generated.models.PreviewFlowResponse)
    assert preview.id == flow_id
    assert preview.additional_properties == {}
    assert httpx2.get(preview.preview_url, trust_env=False).status_code == 200
    assert preview.expires_at.utcoffset() == timedelta(0)
    left = preview.expires_at - datetime.now(UTC)
    assert timedelta(hours=1) < left < timedelta(days=31)


def test_a_refreshed_preview_ends_the_one_before(generated: Generated) -> None:
    flow_id = generated.call("create_whatsapp_flow", body=generated.new_flow("Shown")).parsed.id
    before = generated.call("preview_whatsapp_flow", flow_id).parsed
    again = generated.call("preview_whatsapp_flow", flow_id).parsed
    refreshed = generated.call("preview_whatsapp_flow", flow_id, refresh=True).parsed

    assert again.preview_url == before.preview_url
    assert refreshed.preview_url != before.preview_url
    assert httpx2.get(before.preview_url, trust_env=False).status_code == 404
    assert httpx2.get(refreshed.preview_url, trust_env=False).status_code == 200


def test_publish_and_deprecate_answer_200_without_a_body(generated: Generated) -> None:
    flow_id = generated.call(
        "create_whatsapp_flow", body=generated.new_flow("Order", flow_json=_FLOW_JSON)
    ).parsed.id

    for operation, status in [
        ("publish_whatsapp_flow", "PUBLISHED"),
        ("deprecate_whatsapp_flow", "DEPRECATED"),
    ]:
        answer = generated.call(operation, flow_id)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-length"] == "0"
        assert "content-type" not in answer.headers
        details = generated.call("get_whatsapp_flow_details", flow_id).parsed
        assert details.status.value == status


def test_delete_answers_200_without_a_body_and_the_flow_is_gone(generated: Generated) -> None:
    flow_id = generated.call("create_whatsapp_flow", body=generated.new_flow("Gone")).parsed.id

    answer = generated.call("delete_whatsapp_flow", flow_id)

    assert (answer.status_code, answer.content) == (200, b"")
    assert generated.call("get_whatsapp_flows").parsed.flows == []


def test_a_documented_error_is_read_as_the_error_response(generated: Generated) -> None:
    taken = generated.new_flow("Taken")
    generated.call("create_whatsapp_flow", body=taken)

    answer = generated.call("create_whatsapp_flow", body=taken)

    assert answer.status_code == 400
    _assert_error(generated, answer.parsed, 1000, "Taken")


def test_a_published_flow_can_neither_be_changed_nor_deleted(generated: Generated) -> None:
    flow_id = generated.call(
        "create_whatsapp_flow",
        body=generated.new_flow("Final", flow_json=_FLOW_JSON, publish=True),
    ).parsed.id
    change = generated.models.UpdateWhatsappFlowBody(name="Other")

    for operation, more in [
        ("update_whatsapp_flow", {"body": change}),
        ("delete_whatsapp_flow", {}),
        ("publish_whatsapp_flow", {}),
    ]:
        answer = generated.call(operation, flow_id, **more)
        assert answer.status_code == 400
        _assert_error(generated, answer.parsed, 1000, "DRAFT")


def test_a_wrong_key_is_401_1200_for_every_operation(package: None, server: Tenant) -> None:
    generated = Generated(server, "not-a-key")
    change = generated.models.UpdateWhatsappFlowBody(name="Other")

    for operation, more, rest in [
        ("get_whatsapp_flows", (), {}),
        ("create_whatsapp_flow", (), {"body": generated.new_flow("No")}),
        ("get_whatsapp_flow_details", ("1",), {}),
        ("update_whatsapp_flow", ("1",), {"body": change}),
        ("delete_whatsapp_flow", ("1",), {}),
        ("preview_whatsapp_flow", ("1",), {}),
        ("publish_whatsapp_flow", ("1",), {}),
        ("deprecate_whatsapp_flow", ("1",), {}),
    ]:
        answer = generated.call(operation, *more, **rest)
        assert answer.status_code == 401
        _assert_error(generated, answer.parsed, 1200, "authenticated")


def test_another_account_is_401_1001(generated: Generated, other: Tenant) -> None:
    answer = generated.call("get_whatsapp_flows", where=(other.account_id, other.channel_id))

    assert answer.status_code == 401
    _assert_error(generated, answer.parsed, 1001, other.account_id)


def test_a_flow_that_is_not_there_is_404_1300(generated: Generated) -> None:
    with pytest.raises(generated.unexpected_status) as raised:
        generated.call("get_whatsapp_flow_details", "1145805540595505")

    assert raised.value.status_code == 404
    error = generated.models.ErrorResponse.from_dict(json.loads(raised.value.content))
    _assert_error(generated, error, 1300, "1145805540595505")


def test_the_asynchronous_form_of_the_client_works_alike(generated: Generated) -> None:
    created = generated.call_async(
        "create_whatsapp_flow", body=generated.new_flow("Async", flow_json=_FLOW_JSON)
    )

    assert created.status_code == 200
    listed = generated.call("get_whatsapp_flows").parsed
    assert [flow.id for flow in listed.flows] == [created.parsed.id]


def _assert_error(generated: Generated, error: Any, code: int, mentioned: str) -> None:
    assert isinstance(error, generated.models.ErrorResponse)
    assert error.code == code
    assert mentioned in error.message
    assert isinstance(error.error_id, UUID)
    assert error.timestamp.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - error.timestamp) < timedelta(minutes=5)
    assert error.additional_properties == {}
