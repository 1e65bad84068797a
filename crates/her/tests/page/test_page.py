"""The page, as a person finds it."""

from __future__ import annotations

import json
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import SHOTS

PAGES = {
    "identities": "/ui",
    "now": "/ui/samantha",
    "now-past": "/ui/samantha/now?at=1000",
    "now-numbers": "/ui/rain/now",
    "now-frozen": "/ui/iris/now",
    "now-newborn": "/ui/newborn/now",
    "memory": "/ui/samantha/memory",
    "memory-dry-run": "/ui/samantha/memory?back=1500",
    "talk": "/ui/samantha/talk?x=%7B%22f0%22%3A2%2C%22f1%22%3A-1%7D",
    "channels": "/ui/samantha/channels",
    "departure": "/ui/samantha/departure",
    "peers": "/ui/peers",
    "legacy": "/ui/legacy",
    "system": "/ui/system",
    "audit": "/ui/audit",
    "login": "/ui/login",
}
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 380, "height": 800}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_page_is_whole_and_open_to_all(look, scheme, size):
    """No error, nothing from elsewhere, no sideways scrolling, no violation that axe knows."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    width = "wide" if size is WIDE else "narrow"
    window = look(color_scheme=scheme, viewport=size)
    found = {}
    for name, path in PAGES.items():
        window.page.goto(path, wait_until="domcontentloaded")
        window.page.screenshot(path=SHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert window.page.evaluate(over) <= 0, f"{name} is wider than a {width} window"
        folds = "document.querySelectorAll('details').forEach(d => { d.open = true })"
        window.page.evaluate(folds)
        for violation in Axe().run(window.page).response["violations"]:
            nodes = [node["html"][:160] for node in violation["nodes"]]
            found.setdefault(name, []).append((violation["id"], nodes))
    assert found == {}, json.dumps(found, indent=1)


def test_peers_are_told_with_what_they_were_worth(look, house):
    """Figures of the page are those of the route, in words that people read."""
    window = look()
    window.page.goto("/ui/peers", wait_until="domcontentloaded")
    told = house.ask("GET", "/v1/identities/twin/peers")
    worth = next(row["worth"] for row in told["contributions"] if not row["mine"])
    assert worth["bytes"] > 0 and worth["events"] >= 160
    tables = window.page.locator("table")
    assert tables.count() == 3
    row = tables.nth(2).locator("tbody tr td").all_inner_texts()
    assert row[0] == "there"
    assert int(row[3].replace(",", "")) == worth["bytes"]
    assert row[4] != "–" and row[6].endswith(("s", "min"))
    pact = tables.nth(0).locator("tbody tr td").all_inner_texts()
    assert pact[0] == "there/twin" and "of 1,073,741,824" in pact[5] and pact[8] == "yes"
    assert "39 bits that people say" in window.page.inner_text("main")


def figures(page, root: str) -> dict[str, tuple[float, str]]:
    """Numbers of a part of the page: where each is from, its exact value and its text."""
    script = "all => all.map(d => [d.dataset.of, d.value, d.textContent])"
    return {of: (float(value), text) for of, value, text in page.eval_on_selector_all(root, script)}


def at(document: object, pointer: str) -> float:
    """What lies at a JSON pointer."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


@pytest.mark.parametrize("name", ["samantha", "rain", "iris"])
def test_numbers_are_those_of_the_api(look, house, name):
    """To the last bit."""
    page = look().page
    card = house.ask("GET", f"/v1/identities/{name}")
    page.goto(f"/ui/{name}/now")
    alarms = house.ask("GET", f"/v1/identities/{name}/alarms")
    for pointer, (value, _) in figures(page, "#now-alarms data").items():
        assert value == at(alarms, pointer), pointer
    assert page.locator("#now-alarms tbody tr").count() == len(alarms["alarms"])
    seen = figures(page, "#now-state data, #now-score data, #now-way data, #now-gap data")
    assert len(seen) > 6
    for pointer, (value, _) in seen.items():
        assert value == at(card, pointer), pointer
    chart = house.ask("GET", f"/v1/identities/{name}/chart?top=12")
    weights = figures(page, "main data[data-of^='/weights']")
    assert len(weights) >= 3
    for pointer, (value, _) in weights.items():
        assert value == at(chart, pointer), pointer
    page.goto(f"/ui/{name}/memory")
    seen = figures(page, "main data[data-of]")
    assert "/branches/0/head" in seen
    for pointer, (value, _) in seen.items():
        assert value == at(card, pointer), pointer
    page.goto("/ui")
    for pointer, (value, _) in figures(page, f"[data-identity={name}] data").items():
        assert value == at(card, pointer), pointer


def metrics(house) -> dict[str, float]:
    """`/metrics`: every sample by name and labels, and the sum of each name."""
    request = urllib.request.Request(house.url + "/metrics")
    request.add_header("authorization", "Bearer " + house.token)
    found: dict[str, float] = {}
    with urllib.request.urlopen(request, timeout=60) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("#"):
                continue
            key, value = line.rsplit(" ", 1)
            name, _, labels = key.partition("{")
            found[name + "{" + labels.rstrip("}") + "}"] = float(value)
            found[name] = found.get(name, 0.0) + float(value)
    return found


def between(seen: dict[str, tuple[float, str]], before, after) -> None:
    """Each number was the API's at a moment between two looks: figures that only grow."""
    for of, (value, _) in seen.items():
        assert before(of) <= value <= after(of), (of, before(of), value, after(of))


# What goes up and down while a browser looks.
MOVES = ("her_connections", "her_resident_bytes")


def test_the_system_page_has_the_numbers_of_the_metrics(look, house):
    """To the last bit: tiles are read from the table, and the table from `/metrics`."""
    page = look(scripts=False).page
    before = metrics(house)
    page.goto("/ui/system")
    after = metrics(house)
    tiles, table = figures(page, ".tiles data"), figures(page, "#metrics data")
    # Without "half" or "99 %" where the disk took more than any bound.
    assert len(tiles) >= 7 and len(table) > 40
    still = {of: seen for of, seen in table.items() if not of.startswith(MOVES)}
    between(still, lambda of: before.get(of, 0.0), lambda of: after[of])
    assert {of.split("{")[0] for of in table} <= {of.split("{")[0] for of in after}
    for of, (value, text) in tiles.items():
        name, _, share = of.partition(" ")
        of_name = [v for key, (v, _) in table.items() if key.split("{")[0] == name]
        if share:
            commits = table["her_commit_seconds_count{}"][0]
            within = [key for key in table if key.startswith(name + "{")]
            bounds = {float(key.split('"')[1]): table[key][0] for key in within}
            assert value == min(b for b, n in bounds.items() if n >= float(share) * commits)
            assert text.startswith("≤ ")
        else:
            assert value == sum(of_name), of
    assert tiles["her_events_total"][0] == after["her_events_total"] > 7_000
    assert tiles["her_identities"][0] == after["her_identities"]
    assert tiles["her_resident_bytes"][0] > 1e6


def test_the_channels_page_has_the_numbers_of_the_api(look, house):
    """Tiles, waits, and a row for who is there."""
    house.ask("PUT", "/v1/identities/listener", ["StandardScaler", "LogisticRegression"])
    path = "/v1/identities/listener"
    request = urllib.request.Request(house.url + path + "/talk")
    request.add_header("authorization", "Bearer " + house.token)
    with urllib.request.urlopen(request, timeout=60) as channel:
        hello = [channel.readline().decode() for _ in range(3)][2]
        resume = json.loads(hello.removeprefix("data: "))["resume"]
        for n in range(1, 4):
            message = {"resume": resume, "n": n, "x": {"a": n}, "y": n > 1}
            house.ask("POST", path + "/talk", message)
        house.learn("listener", [{"x": {"a": 1}, "y": True}] * 5)
        page = look(scripts=False).page
        before = house.ask("GET", path + "/channels?limit=50")
        page.goto("/ui/listener/channels")
        after = house.ask("GET", path + "/channels?limit=50")
        seen = figures(page, "main data[data-of]")
        assert len(figures(page, ".tiles data")) == 6
        between(seen, lambda of: at(before, of), lambda of: at(after, of))
    assert seen["/present"][0] == 1 and seen["/channels/0/messages"][0] == 3
    assert seen["/channels/0/updates_since_spoke"][0] == 5
    assert seen["/channels/0/wait_s/read"][0] > 0


def test_a_past_version_is_the_one_of_the_api(look, house):
    """The scrubber shows what `at` gives."""
    page = look().page
    page.goto("/ui/samantha/now?at=1000")
    then = house.ask("GET", "/v1/identities/samantha/at/1000")
    for pointer, (value, _) in figures(page, "#now-state data").items():
        assert value == at(then, pointer), pointer
    assert "As it was at version 1,000" in page.inner_text(".past")


def test_the_scrubber_is_moved_by_mouse_and_by_keys(look):
    """And says its version on the way."""
    page = look(viewport=WIDE).page
    page.goto("/ui/samantha")
    page.locator("#at").scroll_into_view_if_needed()
    box = page.locator("#at").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    assert page.inner_text("#scrub-says") != "6,002"
    page.mouse.up()
    page.wait_for_url("**/now?at=*")
    page.focus("#at")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#scrub-says") == "2"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/now?at=2")


def test_it_moves_while_the_identity_learns_and_can_be_paused(look, house):
    """Live by default; an open fold stays open."""
    from conftest import numbers

    page = look().page
    house.ask("PUT", "/v1/identities/mover", ["StandardScaler", "LinearRegression"])
    house.learn("mover", numbers(200, 1))
    page.goto("/ui/mover")
    version = "#now-state data[data-of='/version']"
    assert page.locator(version).first.get_attribute("value") == "201"
    page.click("#score-fold summary")
    house.learn("mover", numbers(100, 2))
    page.wait_for_selector(f"{version}[value='301']", timeout=20_000)
    assert page.evaluate("document.getElementById('score-fold').open")
    page.keyboard.press("p")
    assert page.get_attribute("#pause", "aria-pressed") == "true"
    house.learn("mover", numbers(100, 3))
    page.wait_for_timeout(2500)
    assert page.locator(version).first.get_attribute("value") == "301"
    page.click("#pause")
    page.wait_for_selector(f"{version}[value='401']", timeout=20_000)


def test_what_is_under_the_pointer_is_told(look):
    """From the table behind the chart."""
    page = look(viewport=WIDE).page
    page.goto("/ui/samantha")
    box = page.locator(".plot[data-table] .drawing").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = page.locator(".tip")
    tip.wait_for(state="visible")
    assert "this identity: " in tip.inner_text() and "frozen shadow: " in tip.inner_text()
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "hover.png")
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")


def test_a_rewind_is_tried_first(look, house):
    """The first step changes nothing; the second begins a new line of life."""
    page = look().page
    house.ask("POST", "/v1/identities/samantha/fork", {"name": "turning"})
    before = house.ask("GET", "/v1/identities/turning")
    page.goto("/ui/turning/memory")
    page.fill("#back", "1200")
    page.click("text=Show what would change")
    page.wait_for_selector("#dry-run")
    diff = house.ask("GET", f"/v1/identities/turning/diff?from=1200&top=12")
    for pointer, (value, _) in figures(page, ".dry-run data").items():
        assert value == at(diff, pointer), pointer
    unchanged = house.ask("GET", "/v1/identities/turning")
    assert unchanged["branch"] == before["branch"]
    page.click("button:has-text('Rewind to version 1,200')")
    page.wait_for_url("**/memory?done=1200")
    after = house.ask("GET", "/v1/identities/turning")
    assert after["version"] == 1201 and len(after["branches"]) == len(before["branches"]) + 1


def test_it_works_without_its_script(look, house):
    """Every page is whole, and forms are sent by the browser."""
    page = look(scripts=False).page
    for path in PAGES.values():
        assert page.goto(path).status == 200, path
        assert page.locator("h1").count() == 1, path
    page.goto("/ui/samantha/now")
    assert page.locator("path.live").first.get_attribute("d").startswith("M")
    page.goto("/ui/samantha/talk")
    page.fill("#x", '{"f0": 3, "f1": -2}')
    page.click("button:has-text('Ask')")
    said = house.ask("POST", "/v1/identities/samantha/predict", {"x": {"f0": 3, "f1": -2}})
    shown = figures(page, ".answer data")["/proba/true"][0]
    assert shown == said["prediction"]["proba"]["true"]


def test_everything_is_reached_by_keyboard(look):
    """Tab walks through every control in order, and what has the focus shows it."""
    page = look(viewport=WIDE).page
    page.goto("/ui/samantha/now")
    page.keyboard.press("p")
    wanted = page.evaluate(
        "[...document.querySelectorAll('a, button, input, summary, .scroll')]"
        ".filter(e => e.checkVisibility()).length"
    )
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = 1
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) != "none", page.evaluate("document.activeElement.outerHTML")
        reached += 1
    assert reached >= wanted


def test_nobody_comes_in_without_the_token(browser, house):
    """A person is shown to the login; a wrong token stays outside, and says so."""
    context = browser.new_context(base_url=house.url)
    page = context.new_page()
    page.goto("/ui/samantha/memory")
    assert page.url == house.url + "/ui/login?to=/ui/samantha/memory"
    page.fill("#token", "her_" + "0" * 64)
    page.click("button[type=submit]")
    assert "not the token" in page.inner_text("[role=alert]")
    page.fill("#token", house.token)
    page.click("button[type=submit]")
    page.wait_for_url(house.url + "/ui/samantha/memory")
    [cookie] = context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    assert house.token not in cookie["value"]
    context.close()


def test_the_policy_lets_nothing_else_in(house, browser):
    """No script in a page would run, even if one came in."""
    context = browser.new_context(base_url=house.url)
    answer = context.request.get("/ui/login")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    text = answer.text()
    assert "<script>" not in text and " style=" not in text and " onclick" not in text
    context.close()


def test_a_mistake_is_a_page_too(look):
    """With the status that the API gives, and a way back."""
    window = look()
    assert window.page.goto("/ui/nobody/now").status == 404
    assert "nobody" in window.page.inner_text("main")
    assert window.page.goto("/ui/samantha/now?at=99999999").status == 404
    window.wrong.clear()


def test_a_gate_shows_its_figures_and_an_operator_says_yes(look, house):
    """Each figure beside its threshold is the API's, and the button does what it says."""
    page = look().page
    page.goto("/ui/samantha/departure")
    page.wait_for_selector("text=ASKED", timeout=20_000)
    figure = page.locator("data[data-of='/figures/tier/value']").first
    said = house.ask("GET", "/v1/identities/samantha/gates")
    assert float(figure.get_attribute("value")) == said["figures"]["tier"]["value"]
    page.click("button:has-text('Say yes')")
    page.wait_for_selector("text=copy goes on from version", timeout=20_000)
    assert house.ask("GET", "/v1/identities/copy")["version"] > 100
