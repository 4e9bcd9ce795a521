"""The pages that need no sign-in, and the files that pages load."""

from __future__ import annotations

from harness.servers import Tenant, client


def test_a_browser_is_told_by_a_page_that_a_preview_link_is_dead(server: Tenant) -> None:
    flow = server.create("Flow")
    link = server.http.get(f"{server.flows}/{flow}/preview").json()["preview_url"]
    server.http.delete(f"{server.flows}/{flow}")
    answer = server.http.get(link, headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "This link is not valid" in answer.text
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert server.http.get(link).json()["message"].startswith("This link is not valid")


def test_a_file_of_a_page_is_asked_about_each_time_and_sent_when_it_changed(
    server: Tenant,
) -> None:
    address = f"{server.url}/static/page.css"
    first = server.http.get(address)
    assert first.headers["cache-control"] == "public, no-cache"
    again = server.http.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = server.http.get(address, headers={"If-None-Match": '"another"'})
    assert other.content == first.content


def test_the_address_of_the_server_leads_to_the_console(server: Tenant) -> None:
    with client(server.url) as browser:
        answer = browser.get("/", follow_redirects=True)

    assert answer.status_code == 200
    assert answer.url.path == "/console/sign-in"
