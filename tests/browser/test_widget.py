"""The chat window in a real browser, against the channel on a real server with a scripted agent behind it."""

from __future__ import annotations

import base64
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from tests.connectors.clients import token
from tests.connectors.running import RunningServer

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
Visit = Callable[..., BrowserContext]
Window = Page | FrameLocator

expect.set_options(timeout=40_000)


def chat_page(server: RunningServer, context: BrowserContext) -> Page:
    """The widget's page by itself, connected."""
    page = context.new_page()
    page.goto(f"{server.origin}/webhooks/webchat/")
    expect(page.locator("#status")).to_contain_text("为您服务中")
    return page


def shop_page(server: RunningServer, context: BrowserContext, **options: str) -> tuple[Page, FrameLocator]:
    """A page of the shop on its own origin, and the chat's frame in it (once it is open)."""
    page = context.new_page()
    page.goto(shop_address(server, **options))
    return page, page.frame_locator("iframe")


def shop_address(server: RunningServer, **options: str) -> str:
    return f"http://localhost:{server.port}/test/shop?{urlencode({'chat': server.origin, **options})}"


def open_chat(page: Page, frame: FrameLocator) -> None:
    page.get_by_role("button", name="打开商城客服").click()
    expect(frame.locator("#status")).to_contain_text("为您服务中")


def say(window: Window, text: str) -> None:
    window.locator("#text").fill(text)
    window.locator("#text").press("Enter")


def bubbles(window: Window) -> list[str]:
    """What is shown as said, without the greeting; unsent messages included."""
    shown = window.locator(".row:not(#greeting):not(#typing) .bubble").all_inner_texts()
    return [re.sub(r"^(我|智能客服|人工客服)：\s*", "", text) for text in shown]


def expect_bubbles(window: Window, expected: list[str]) -> None:
    expect(window.locator(".row:not(#greeting):not(#typing) .bubble")).to_have_count(len(expected))
    expect(window.locator("#pending .row")).to_have_count(0)
    assert bubbles(window) == expected


def conversation(page: Page, owner: str = "visitor.") -> str:
    """The id the browser keeps."""
    # Playwright's profiles give frames of other sites no storage: the shop's page keeps the id for the frame.
    name = f"lingxi.{owner}conversation"
    if "/webchat/" not in page.url:
        name = f"lingxi@{page.url.split('/test/')[0].replace('localhost', '127.0.0.1')}:{name}"
    return str(page.evaluate("name => JSON.parse(localStorage.getItem(name)).id", name))


def test_talking_and_reloading(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    expect(page.locator("#greeting")).to_contain_text("灵犀")
    say(page, "你好")
    expect_bubbles(page, ["你好", "您说：你好"])
    expect(page.locator("#text")).to_have_value("")
    page.reload()
    expect_bubbles(page, ["你好", "您说：你好"])
    say(page, "多")
    expect_bubbles(
        page,
        ["你好", "您说：你好", "多", "第一条", "第二条", "第三条 https://shop.example/help?a=1。"],
    )
    link = page.locator("#log a[href]")
    expect(link).to_have_attribute("href", "https://shop.example/help?a=1")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_suggestions_say_what_they_show(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    page.get_by_role("button", name="怎么申请退货").click()
    expect_bubbles(page, ["怎么申请退货", "您说：怎么申请退货"])
    expect(page.locator("#suggestions")).to_be_hidden()


def test_what_is_said_is_text_and_never_markup(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    attack = "<img src=x onerror=\"document.title='hacked'\"><b>粗</b>"
    say(page, attack)
    expect_bubbles(page, [attack, f"您说：{attack}"])
    assert page.title() == "在线客服"
    assert page.locator("#log b, #log img").count() == 0


def test_buttons_say_their_title_and_are_used_once(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    say(page, "按钮")
    page.get_by_role("button", name="确认取消").click()
    expect_bubbles(page, ["按钮", "您要取消订单 202606010001 吗？", "确认取消", "您说：/affirm"])
    for name in ("确认取消", "再想想"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    page.reload()
    expect(page.get_by_role("button", name="再想想")).to_be_disabled()
    say(page, "按钮")
    expect(page.get_by_role("button", name="再想想").last).to_be_enabled()
    assert [each["text"] for each in server.heard(conversation(page))] == ["按钮", "/affirm", "按钮"]


def test_a_button_that_came_too_late_is_answered_with_what_is_asked_now(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    say(page, "慢，按钮")
    say(page, "修改")
    page.get_by_role("button", name="确认修改").wait_for()
    page.get_by_role("button", name="确认取消").click()
    expect(page.get_by_text("这个选项已经过期，没有为您办理。")).to_be_visible()
    expect(page.get_by_text("您要修改订单 202606010001 的地址吗？")).to_have_count(2)
    page.get_by_role("button", name="确认修改").last.click()
    expect(page.get_by_text("您说：/affirm")).to_be_visible()
    assert [each["text"] for each in server.heard(conversation(page))] == ["慢，按钮", "修改", "/affirm"]


def test_enter_sends_unless_it_belongs_to_an_input_method(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    box = page.locator("#text")
    box.fill("第一行")
    box.press("Shift+Enter")
    box.type("第二行")
    expect(box).to_have_value("第一行\n第二行")
    for composing in ({"isComposing": True}, {"keyCode": 229}):
        box.dispatch_event("keydown", {"key": "Enter", "bubbles": True, "cancelable": True, **composing})
    expect(box).to_have_value("第一行\n第二行")
    box.press("Enter")
    expect_bubbles(page, ["第一行\n第二行", "您说：第一行\n第二行"])


def test_a_killed_server_loses_and_doubles_nothing(own_server: RunningServer, visit: Visit) -> None:
    page = chat_page(own_server, visit())
    say(page, "你好")
    expect_bubbles(page, ["你好", "您说：你好"])
    say(page, "先查订单")
    expect(page.get_by_text("先说一句。")).to_be_visible()
    own_server.end(signal.SIGKILL)
    expect(page.locator("#status")).to_contain_text("正在重连")
    say(page, "断线时说的第一句")
    say(page, "断线时说的第二句")
    expect(page.get_by_text("等待网络恢复后发送")).to_have_count(2)
    own_server.start()
    expect(page.locator("#status")).to_contain_text("为您服务中", timeout=40_000)
    expect(page.get_by_text("您说：断线时说的第二句")).to_be_visible()
    expect(page.locator("#pending .row")).to_have_count(0)
    assert sorted(bubbles(page)) == sorted(
        [
            "你好",
            "您说：你好",
            "先查订单",
            "先说一句。",
            "您说：先查订单",
            "断线时说的第一句",
            "您说：断线时说的第一句",
            "断线时说的第二句",
            "您说：断线时说的第二句",
        ]
    )
    heard = [each["text"] for each in own_server.heard(conversation(page))]
    assert heard == ["先查订单", "断线时说的第一句", "断线时说的第二句"]


def test_what_is_unsent_survives_the_page(own_server: RunningServer, visit: Visit) -> None:
    context = visit()
    page = chat_page(own_server, context)
    say(page, "你好")
    expect_bubbles(page, ["你好", "您说：你好"])
    own_server.end(signal.SIGKILL)
    expect(page.locator("#status")).to_contain_text("正在重连")
    say(page, "还没有发出去")
    page.close()
    own_server.start()
    again = chat_page(own_server, context)
    expect_bubbles(again, ["你好", "您说：你好", "还没有发出去", "您说：还没有发出去"])


def test_tabs_show_the_same_conversation(server: RunningServer, visit: Visit) -> None:
    context = visit()
    one = chat_page(server, context)
    two = chat_page(server, context)
    say(one, "甲说")
    expect_bubbles(two, ["甲说", "您说：甲说"])
    say(two, "乙说")
    expect_bubbles(one, ["甲说", "您说：甲说", "乙说", "您说：乙说"])
    expect_bubbles(two, bubbles(one))


def test_the_typing_mark(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    say(page, "慢慢来")
    expect(page.locator("#typing")).to_be_visible()
    expect(page.get_by_text("您说：慢慢来")).to_be_visible()
    expect(page.locator("#typing")).to_be_hidden()


def test_a_person_is_shown_as_a_person(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    say(page, "静")
    expect_bubbles(page, ["静"])
    server.agent_says(
        "webchat", conversation(page), "您好，我是小李，请讲。", agent_name="小李", reply_id="R1"
    )
    expect(page.locator(".row.agent .label")).to_have_text("人工客服 · 小李")
    server.agent_says(
        "webchat", conversation(page), "您好，我是小李，请讲。", agent_name="小李", reply_id="R1"
    )
    server.agent_says("webchat", conversation(page), "还在吗？", agent_name="小李", reply_id="R2")
    expect_bubbles(page, ["静", "您好，我是小李，请讲。", "还在吗？"])
    assert page.locator(".row.agent .label").count() == 1


def test_pictures(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    picture = page.locator("#messages .customer .picture img")
    page.set_input_files("#file", {"name": "破损.png", "mimeType": "image/png", "buffer": PNG})
    expect(page.get_by_text("图片收到了")).to_be_visible()
    expect(picture).to_have_count(1)
    page.reload()
    expect(picture).to_have_count(1)
    page.wait_for_function("document.querySelector('#messages .picture img').naturalWidth === 1")
    assert conversation(page) not in picture.evaluate("image => image.src")
    assert server.heard(conversation(page))[0]["metadata"]["media"][0]["type"] == "image/png"


def test_refused_pictures(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    hint = page.locator("#hint")
    page.set_input_files("#file", {"name": "x.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    expect(hint).to_contain_text("只支持 JPG")
    page.set_input_files("#file", {"name": "x.png", "mimeType": "image/png", "buffer": bytes(5 * 2**20 + 1)})
    expect(hint).to_contain_text("5 MB")
    page.set_input_files("#file", {"name": "x.png", "mimeType": "image/png", "buffer": b"MZ program"})
    expect(hint).to_contain_text("只支持 JPG")
    expect(page.locator(".customer .picture")).to_have_count(0)


def test_the_flood_limit_delays_and_keeps(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    for number in range(13):
        say(page, f"第{number}条")
    expect(page.locator("#hint")).to_contain_text("发送太快了")
    expect(page.get_by_text("您说：第12条")).to_be_visible(timeout=30_000)
    expect(page.locator(".row:not(#greeting):not(#typing) .bubble")).to_have_count(26)
    assert len(set(bubbles(page))) == 26


# On the shop's page


def test_the_keyboard_is_enough(server: RunningServer, visit: Visit) -> None:
    page, frame = shop_page(server, visit())
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(frame.locator("#status")).to_contain_text("为您服务中")
    expect(frame.locator("#text")).to_be_focused()
    page.keyboard.type("按钮")
    page.keyboard.press("Enter")
    expect(frame.get_by_role("button", name="确认取消")).to_be_enabled()
    for _ in range(4):  # attach, then the three buttons from the last
        page.keyboard.press("Shift+Tab")
    expect(frame.get_by_role("button", name="确认取消")).to_be_focused()
    page.keyboard.press("Enter")
    expect(frame.get_by_text("您说：/affirm")).to_be_visible()
    expect(frame.locator("#text")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("iframe")).to_be_hidden()
    page.keyboard.press("Enter")  # the focus is back on the launcher
    expect(page.locator("iframe")).to_be_visible()


def test_a_closed_window_counts_what_arrives(server: RunningServer, visit: Visit) -> None:
    page, frame = shop_page(server, visit())
    open_chat(page, frame)
    say(frame, "你好")
    expect(frame.get_by_text("您说：你好")).to_be_visible()
    said_in = conversation(page)
    frame.get_by_role("button", name="收起客服窗口").click()
    server.agent_says("webchat", said_in, "在吗？")
    page.get_by_role("button", name="打开商城客服，1 条新消息").click()
    expect(frame.get_by_text("在吗？")).to_be_visible()


def talked(server: RunningServer, context: BrowserContext, **options: str) -> tuple[Page, FrameLocator, str]:
    """A customer who has said something, closed the window and gone on to another page of the shop."""
    page, frame = shop_page(server, context, **options)
    open_chat(page, frame)
    say(frame, "你好")
    expect_bubbles(frame, ["你好", "您说：你好"])
    said_in = conversation(page)
    frame.get_by_role("button", name="收起客服窗口").click()
    page.goto(shop_address(server, page="2", **options))
    return page, frame, said_in


# Playwright's own looks at a page count as a touch of it to the browser: here only a finger or a mouse is one.
COUNT_NOTES = """
let touched = false;
addEventListener("pointerdown", () => { touched = true; }, true);
Object.defineProperty(navigator, "userActivation", { value: { get hasBeenActive() { return touched; } } });
const start = OscillatorNode.prototype.start;
window.notes = 0;
OscillatorNode.prototype.start = function (...when) { window.notes += 1; return start.apply(this, when); };
"""


def test_a_reply_on_the_next_page_raises_badge_and_title_and_is_heard(server: RunningServer, visit: Visit) -> None:
    context = visit()
    context.add_init_script(COUNT_NOTES)
    first, _, said_in = talked(server, context)
    first.close()
    page, frame = shop_page(server, context, page="2")  # a tab that nobody has touched yet
    expect(frame.locator("#status")).to_contain_text("为您服务中")  # with the window closed
    server.agent_says("webchat", said_in, "您的订单发出了。", agent_name="小李", reply_id="N1")
    launcher = page.get_by_role("button", name="打开商城客服，1 条新消息")
    expect(launcher).to_be_visible()
    expect(page).to_have_title("（1 条新消息）商城")
    assert page.evaluate("notes") == 0, "silence until the page has been touched"
    page.mouse.click(300, 300)
    server.agent_says("webchat", said_in, "还有事吗？", agent_name="小李", reply_id="N2")
    expect(page).to_have_title("（2 条新消息）商城")
    page.wait_for_function("notes === 2")

    page.goto(shop_address(server, page="3"))
    expect(page).to_have_title("（2 条新消息）商城")  # still unread, page after page
    page.get_by_role("button", name="打开商城客服，2 条新消息").click()
    expect(frame.get_by_text("还有事吗？")).to_be_visible()
    expect(page).to_have_title("商城")
    frame.get_by_role("button", name="收起客服窗口").click()
    page.reload()
    expect(frame.locator("#status")).to_contain_text("为您服务中")
    expect(page).to_have_title("商城")


def test_who_wants_calm_hears_nothing(server: RunningServer, visit: Visit) -> None:
    context = visit(reduced_motion="reduce")
    context.add_init_script(COUNT_NOTES)
    page, frame, said_in = talked(server, context)
    expect(frame.locator("#status")).to_contain_text("为您服务中")
    page.mouse.click(300, 300)
    server.agent_says("webchat", said_in, "在吗？")
    expect(page).to_have_title("（1 条新消息）商城")
    assert page.evaluate("notes") == 0


def test_a_visitor_who_never_opens_the_window_costs_no_conversation(server: RunningServer, visit: Visit) -> None:
    context = visit()
    sockets: list[str] = []
    context.on("page", lambda page: page.on("websocket", lambda socket: sockets.append(socket.url)))
    page, frame = shop_page(server, context)
    expect(frame.locator("#title")).to_have_text("商城客服")
    page.wait_for_timeout(1000)
    assert sockets == []
    open_chat(page, frame)
    assert len(sockets) == 1


def test_an_open_window_and_what_is_being_written_go_on_to_the_next_page(
    server: RunningServer, visit: Visit
) -> None:
    page, frame = shop_page(server, visit())
    open_chat(page, frame)
    say(frame, "你好")
    expect_bubbles(frame, ["你好", "您说：你好"])
    frame.locator("#text").fill("我想问一下退")
    page.goto(shop_address(server, page="2"))
    expect(frame.locator("#text")).to_be_visible()
    expect(frame.locator("#text")).to_have_value("我想问一下退")
    assert page.evaluate("document.activeElement === document.body"), "the page keeps the focus"
    expect_bubbles(frame, ["你好", "您说：你好"])
    frame.locator("#text").press("Enter")
    expect(frame.get_by_text("您说：我想问一下退")).to_be_visible()
    frame.get_by_role("button", name="收起客服窗口").click()
    page.goto(shop_address(server, page="3"))
    expect(page.get_by_role("button", name="打开商城客服")).to_be_visible()
    expect(page.locator("iframe")).to_be_hidden()
    open_chat(page, frame)
    expect(frame.locator("#text")).to_have_value("")


def test_what_one_customer_was_writing_no_other_finds(server: RunningServer, visit: Visit) -> None:
    page, frame = shop_page(server, visit(), token=token("C000001"))
    open_chat(page, frame)
    frame.locator("#text").fill("我的身份证号是")
    page.evaluate("proof => LingxiChat.setToken(proof)", token("C000002"))
    expect(frame.locator("#text")).to_have_value("")
    page.evaluate("proof => LingxiChat.setToken(proof)", token("C000001"))
    expect(frame.locator("#text")).to_have_value("我的身份证号是")


def test_a_window_that_cannot_load_says_so_and_is_no_trap(server: RunningServer, visit: Visit, tmp_path: Path) -> None:
    context = visit(width=390, height=844, has_touch=True, is_mobile=True)
    frames = re.compile(r"/webhooks/webchat/$")
    context.route(frames, lambda route: route.abort())
    page, frame = shop_page(server, context)
    page.get_by_role("button", name="打开商城客服").click()
    expect(page.get_by_text("客服窗口没有打开")).to_be_visible()
    page.screenshot(path=tmp_path / "failed-390.png")
    page.get_by_role("button", name="关闭").click()
    expect(page.get_by_role("button", name="打开商城客服")).to_be_visible()
    page.get_by_role("button", name="打开商城客服").click()
    expect(page.get_by_text("客服窗口没有打开")).to_be_visible()
    context.unroute(frames)
    page.get_by_role("button", name="重试").click()
    expect(frame.locator("#status")).to_contain_text("为您服务中")
    expect(page.get_by_text("客服窗口没有打开")).to_be_hidden()


def test_a_window_that_never_answers_can_be_closed_while_it_loads(server: RunningServer, visit: Visit) -> None:
    context = visit(width=390, height=844, has_touch=True, is_mobile=True)
    context.route(re.compile(r"/webhooks/webchat/$"), lambda _: None)  # asked, and no answer
    page, _ = shop_page(server, context)
    page.get_by_role("button", name="打开商城客服").click()
    expect(page.get_by_text("正在打开客服窗口")).to_be_visible()
    page.get_by_role("button", name="收起客服窗口").click()
    expect(page.get_by_role("button", name="打开商城客服")).to_be_visible()
    page.get_by_role("button", name="打开商城客服").click()
    expect(page.get_by_text("客服窗口没有打开")).to_be_visible()


def test_what_is_unsent_is_shown_after_a_reload_without_a_line(server: RunningServer, visit: Visit) -> None:
    context = visit()
    page = chat_page(server, context)
    say(page, "你好")
    expect_bubbles(page, ["你好", "您说：你好"])
    context.add_init_script(
        "if (localStorage.getItem('no-line')) window.WebSocket ="
        " class { constructor() { setTimeout(() => this.onclose?.(), 5); } close() {} };"
    )
    page.evaluate("localStorage.setItem('no-line', '1')")
    page.reload()
    expect(page.locator("#status")).to_contain_text("正在重连")
    say(page, "没有网络时说的")
    page.reload()
    expect(page.locator("#pending")).to_contain_text("没有网络时说的")
    expect(page.locator("#pending")).to_contain_text("等待网络恢复后发送")
    page.evaluate("localStorage.removeItem('no-line')")
    page.reload()
    expect_bubbles(page, ["你好", "您说：你好", "没有网络时说的", "您说：没有网络时说的"])


def test_a_line_gone_silent_is_told_within_five_seconds(own_server: RunningServer, visit: Visit) -> None:
    page = chat_page(own_server, visit())
    own_server.signal(signal.SIGSTOP)
    try:
        expect(page.locator("#status")).to_contain_text("网络不稳", timeout=5_000)
        say(page, "还在吗")
        expect(page.get_by_text("等待网络恢复后发送")).to_be_visible()
    finally:
        own_server.signal(signal.SIGCONT)
    expect(page.locator("#status")).to_contain_text("为您服务中")
    expect_bubbles(page, ["还在吗", "您说：还在吗"])


def test_a_browser_without_network_says_so_at_once(server: RunningServer, visit: Visit) -> None:
    context = visit()
    page = chat_page(server, context)
    context.set_offline(True)
    expect(page.locator("#status")).to_contain_text("网络已断开", timeout=5_000)
    context.set_offline(False)
    expect(page.locator("#status")).to_contain_text("为您服务中")


def test_a_phones_back_closes_the_window_and_keeps_the_page(server: RunningServer, visit: Visit) -> None:
    page, frame = shop_page(server, visit(width=390, height=844, has_touch=True, is_mobile=True))
    address = page.url
    page.goto(shop_address(server, page="2"))
    open_chat(page, frame)
    page.go_back()
    expect(page.locator("iframe")).to_be_hidden()
    assert "page=2" in page.url
    open_chat(page, frame)
    frame.get_by_role("button", name="收起客服窗口").click()
    expect(page.locator("iframe")).to_be_hidden()
    page.wait_for_function("history.state === null || !history.state.lingxi")
    page.go_back()
    assert page.url == address, "closing by hand leaves no step behind"


def test_no_ring_stands_around_the_talk_on_phones(server: RunningServer, visit: Visit) -> None:
    page, frame = shop_page(server, visit(width=390, height=844, has_touch=True, is_mobile=True))
    open_chat(page, frame)
    frame.locator("#scroll").focus()
    assert frame.locator("#scroll").evaluate("element => getComputedStyle(element).outlineStyle") == "none"


def test_phones(server: RunningServer, visit: Visit) -> None:
    page, frame = shop_page(server, visit(width=320, height=568, has_touch=True, is_mobile=True))
    open_chat(page, frame)
    say(frame, "按钮")
    say(frame, "一个非常非常长的英文单词" + "x" * 120)
    expect(frame.get_by_text("您说：一个非常")).to_be_visible()
    box = page.locator("iframe").bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 320, 568)
    inside = page.frames[-1]
    assert inside.evaluate("document.documentElement.scrollWidth") <= 320
    assert inside.evaluate(
        "document.getElementById('scroll').scrollWidth <= document.getElementById('scroll').clientWidth"
    )
    send = frame.locator("#send").bounding_box()
    assert send is not None
    assert send["x"] + send["width"] <= 320
    assert send["y"] + send["height"] <= 568
    assert min(send["width"], send["height"]) >= 40


def test_two_customers_of_one_browser_share_nothing(server: RunningServer, visit: Visit) -> None:
    context = visit()
    page, frame = shop_page(server, context, token=token("C000001"))
    open_chat(page, frame)
    expect(frame.locator("#status")).to_contain_text("已登录")
    say(frame, "甲的秘密")
    expect_bubbles(frame, ["甲的秘密", "您说：甲的秘密"])

    other, other_frame = shop_page(server, context, token=token("C000002"))
    open_chat(other, other_frame)
    expect_bubbles(other_frame, [])
    say(other_frame, "乙的秘密")
    expect_bubbles(other_frame, ["乙的秘密", "您说：乙的秘密"])

    visitor, visitor_frame = shop_page(server, context)
    open_chat(visitor, visitor_frame)
    expect_bubbles(visitor_frame, [])

    page.reload()  # the window is open again by itself
    expect_bubbles(frame, ["甲的秘密", "您说：甲的秘密"])
    owners = {
        each["metadata"]["customer_token"].split(".")[1] for each in server.heard() if "秘密" in each["text"]
    }
    assert len(owners) == 2


def test_no_token_stands_in_an_address(server: RunningServer, visit: Visit) -> None:
    context = visit()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    proof = token("C000001")
    page, frame = shop_page(server, context, token="")
    page.evaluate("proof => LingxiChat.setToken(proof)", proof)
    open_chat(page, frame)
    say(frame, "你好")
    expect(frame.get_by_text("您说：你好")).to_be_visible()
    secret = conversation(page, "customer.C000001.")
    assert asked
    assert not [url for url in asked if proof in url or secret in url]


def test_an_expired_token_is_renewed_and_the_message_waits(server: RunningServer, visit: Visit) -> None:
    page, frame = shop_page(
        server, visit(), token=token("C000001", lifetime=4), fresh=token("C000001", lifetime=600)
    )
    open_chat(page, frame)
    said_in = conversation(page, "customer.C000001.")
    time.sleep(4.5)
    say(frame, "我的订单")
    expect_bubbles(frame, ["我的订单", "您说：我的订单"])
    (heard,) = server.heard(said_in)
    assert "customer_token" in heard["metadata"]


def test_without_a_fresh_token_the_message_goes_on_as_a_visitors(server: RunningServer, visit: Visit) -> None:
    page, frame = shop_page(server, visit(), token=token("C000001", lifetime=4))
    open_chat(page, frame)
    say(frame, "我的地址")
    expect_bubbles(frame, ["我的地址", "您说：我的地址"])
    time.sleep(4.5)
    say(frame, "怎么退货")
    expect(frame.locator(".notice")).to_contain_text("重新登录")
    expect_bubbles(frame, ["怎么退货", "您说：怎么退货"])
    (heard,) = server.heard(conversation(page))
    assert (heard["text"], "customer_token" in heard["metadata"]) == ("怎么退货", False)


def test_a_forged_token_makes_a_visitor(server: RunningServer, visit: Visit) -> None:
    page, frame = shop_page(server, visit(), token=token("C000001", secret="f" * 40))
    open_chat(page, frame)
    expect(frame.locator(".notice")).to_contain_text("登录")
    expect(frame.locator("#status")).not_to_contain_text("已登录")
    say(frame, "你好")
    expect_bubbles(frame, ["你好", "您说：你好"])
    assert "customer_token" not in server.heard(conversation(page))[0]["metadata"]


def test_a_visitor_who_signs_in_keeps_the_conversation(server: RunningServer, visit: Visit) -> None:
    page, frame = shop_page(server, visit())
    open_chat(page, frame)
    say(frame, "你好")
    expect_bubbles(frame, ["你好", "您说：你好"])
    began = conversation(page)
    page.evaluate("proof => LingxiChat.setToken(proof)", token("C000008"))
    expect(frame.locator("#status")).to_contain_text("已登录")
    say(frame, "我的订单")
    expect_bubbles(frame, ["你好", "您说：你好", "我的订单", "您说：我的订单"])
    assert conversation(page, "customer.C000008.") == began
    page.evaluate("LingxiChat.setToken(null)")
    expect(frame.locator("#status")).not_to_contain_text("已登录")
    expect_bubbles(frame, [])


def test_other_sites_cannot_embed_the_chat(own_server: RunningServer, browser: Browser) -> None:
    """This server allows its own host only, and the shop's page lies on another."""
    with browser.new_context() as context:
        page = context.new_page()
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(shop_address(own_server))
        page.get_by_role("button", name="打开商城客服").click()
        expect(page.get_by_text("客服窗口没有打开")).to_be_visible()
        assert page.frame_locator("iframe").locator("#text").count() == 0


def test_it_looks_right(server: RunningServer, visit: Visit, tmp_path: Path) -> None:
    """Nothing overlaps or is cut off at the widths people use, also with reduced motion and enlarged text."""
    for width, height, options in ((320, 568, {}), (390, 844, {}), (1280, 800, {"reduced_motion": "reduce"})):
        page = chat_page(server, visit(width=width, height=height, **options))
        say(page, "按钮")
        say(page, "多")
        expect(page.get_by_text("第三条")).to_be_visible()
        page.screenshot(path=tmp_path / f"chat-{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        top, entry = page.locator(".top").bounding_box(), page.locator("#composer").bounding_box()
        log = page.locator("#scroll").bounding_box()
        assert top and entry and log
        assert top["y"] == 0
        assert abs(top["height"] + log["height"] + entry["height"] - height) < 1
