"use strict";
// The agents' page. All that customers wrote is set as text, never as markup. The API is asked once a second.

const POLL_MS = 1000;
const TOLD_MS = 8000;
const LONG_WAIT_SECONDS = 60;
const $ = (id) => document.getElementById(id);
const TABS = {
  queue: { query: "open=true", nobody: "现在没有客户在等。" },
  left: { query: "state_code=ticketed", nobody: "留言都回复了。" },
  mine: { query: "open=true&mine=true", nobody: "您现在没有在服务的客户。" },
  closed: { query: "state_code=closed", nobody: "还没有结束的会话。" },
};
/* What the tab keeps over a reload: which list, which conversation, what was read, what is being written. */
const kept = {
  get: (name, otherwise) => JSON.parse(sessionStorage.getItem("desk." + name)) ?? otherwise,
  set: (name, value) => sessionStorage.setItem("desk." + name, JSON.stringify(value)),
};
const desk = {
  token: "", agent: "", tab: "queue", queue: [], open: null, seen: 0, unsent: new Map(), read: new Map(), drafts: new Map(),
  pictures: [], toldUntil: 0,
};

class Refusal extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return "desk-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function ask(method, path, body, key) {
  const headers = { Authorization: "Bearer " + desk.token };
  if (key) headers["Idempotency-Key"] = key;
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch("/api/v1" + path, { method, headers, body: body ? JSON.stringify(body) : undefined, cache: "no-store" });
  } catch {
    throw new Refusal(0, "unreachable", "连不上业务系统，正在重试…");
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(answer.status, told.code || "", told.detail || "系统出错了，请稍后再试。");
  return told;
}

function problem(error, shownMs = TOLD_MS) {
  desk.toldUntil = Date.now() + shownMs;
  if (error.status === 401) {
    leave("服务令牌不正确，请重新填写。");
  } else {
    $("problem").textContent = error instanceof Refusal ? error.message : "页面出错了，请刷新重试。";
  }
}

// ---- In and out

function start() {
  desk.token = sessionStorage.getItem("desk.token") || "";
  desk.agent = sessionStorage.getItem("desk.agent") || "";
  const inside = Boolean(desk.token && desk.agent);
  $("enter").hidden = inside;
  $("desk").hidden = !inside;
  if (inside) {
    $("me").textContent = desk.agent;
    desk.tab = Object.hasOwn(TABS, kept.get("tab", "")) ? kept.get("tab", "") : "queue";
    desk.read = new Map(kept.get("read", []));
    desk.drafts = new Map(kept.get("drafts", []));
    drawTabs();
    poll();
    const was = kept.get("open", null);
    if (was) choose(was);
  } else {
    $("token").focus();
  }
}

function leave(why) {
  show(null);
  for (const name of ["token", "tab", "open", "read", "drafts"]) sessionStorage.removeItem("desk." + name);
  start();
  $("agent").value = desk.agent;
  $("enter-error").textContent = why || "";
}

async function enter() {
  const token = $("token").value.trim();
  const agent = $("agent").value.trim();
  if (!/^[\x21-\x7e]+$/.test(token) || !agent) {
    $("enter-error").textContent = "请填写服务令牌和您的称呼。";
    return;
  }
  desk.token = token;
  try {
    await ask("GET", "/handoffs?open=true&limit=1");
  } catch (error) {
    $("enter-error").textContent = error.status === 401 ? "服务令牌不正确，请核对后再填。" : error.message;
    return;
  }
  sessionStorage.setItem("desk.token", token);
  sessionStorage.setItem("desk.agent", agent);
  $("token").value = "";
  $("enter-error").textContent = "";
  start();
}

// ---- Once a second

let polling = false;
async function poll() {
  if (polling) return;
  polling = true;
  while (desk.token && !$("desk").hidden) {
    try {
      const { tab } = desk;
      const page = await ask("GET", `/handoffs?${TABS[tab].query}&agent_id=${encodeURIComponent(desk.agent)}&limit=100`);
      if (tab === desk.tab) {
        desk.queue = page.items;
        drawTabs(page.counts);
        drawQueue();
      }
      if (desk.open) await news();
      if (Date.now() > desk.toldUntil) $("problem").textContent = "";
    } catch (error) {
      problem(error, 0);
    }
    await new Promise((done) => {
      desk.pollNow = done;
      setTimeout(done, POLL_MS);
    });
  }
  polling = false;
}

async function news() {
  const open = desk.open;
  let after = Math.min(desk.seen, ...Array.from(desk.unsent.keys(), (seq) => seq - 1));
  let told;
  do {
    told = await ask("GET", `/handoffs/${open.id}/messages?after=${after}&limit=100`);
    if (desk.open !== open) return;
    for (const said of told.items) drawMessage(said);
    after = told.items.length ? told.items[told.items.length - 1].seq : after;
  } while (told.items.length === 100);
  if (desk.read.get(open.id) !== desk.seen) {
    desk.read.set(open.id, desk.seen);
    kept.set("read", Array.from(desk.read).slice(-200));
  }
  if (told.state_code !== open.state_code) {
    Object.assign(open, await ask("GET", `/handoffs/${open.id}`));
    if (desk.open === open) drawTitle();
  }
}

// ---- The queue

function waited(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes >= 60 ? `${Math.floor(minutes / 60)} 小时 ${minutes % 60} 分` : `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

function name(handoff) {
  return handoff.customer_name || "访客";
}

function badges(handoff) {
  const made = [];
  if (handoff.level) made.push(element("span", "badge " + handoff.level_code, handoff.level));
  if (handoff.sentiment_label && handoff.sentiment !== "neutral") {
    made.push(element("span", "badge " + handoff.sentiment, handoff.sentiment_label));
  }
  return made;
}

function drawTabs(counts) {
  for (const button of document.querySelectorAll("#tabs button")) {
    button.setAttribute("aria-pressed", String(button.dataset.tab === desk.tab));
    const number = button.querySelector(".number");
    if (!counts || !number) continue;
    const count = { queue: counts.open, left: counts.left, mine: counts.mine }[button.dataset.tab];
    number.textContent = count ? String(count) : "";
    number.classList.toggle("late", button.dataset.tab === "left" && counts.overdue > 0);
    if (button.dataset.tab === "left") button.title = counts.overdue ? `${counts.overdue} 条过了时限` : "";
  }
}

function turnTo(tab) {
  desk.tab = tab;
  kept.set("tab", tab);
  drawTabs();
  $("queue").replaceChildren();
  $("nobody").hidden = true;
  desk.pollNow?.();
}

/** Until when an answer was promised, as the customer was told. */
function promised(handoff) {
  const told = handoff.overdue ? `已过时限：答应 ${clock(handoff.answer_by)} 前回复` : `答应 ${clock(handoff.answer_by)} 前回复`;
  return `${handoff.left_label} · ${told}`;
}

function entry(handoff) {
  const { state_code: state } = handoff;
  const mine = handoff.agent_id === desk.agent;
  const time = { waiting: () => "等 " + waited(handoff.waited_seconds), ticketed: () => clock(handoff.created_at), closed: () => clock(handoff.closed_at) }[state];
  const isLong = state === "waiting" && handoff.waited_seconds >= LONG_WAIT_SECONDS;
  const unread = state === "connected" && mine && handoff.last_seq > (desk.read.get(handoff.id) || 0);
  const isOpen = desk.open && desk.open.id === handoff.id;
  return [
    element("span", "line", element("b", "", name(handoff)), ...badges(handoff),
      handoff.agent_name ? element("span", mine ? "badge mine" : "badge", mine ? "我" : handoff.agent_name) : null,
      unread && !isOpen ? element("span", "badge new", "新") : null, element("time", isLong ? "long" : "", time ? time() : "")),
    element("span", "what", [handoff.reason_label, ...handoff.topics].join(" · ")),
    state === "ticketed" ? element("span", handoff.overdue ? "due late" : "due", promised(handoff)) : null,
  ].filter(Boolean);
}

/** Entries stay the elements they are, so that a click or the focus is not lost between two looks. */
function drawQueue() {
  $("nobody").hidden = desk.queue.length > 0;
  $("nobody").textContent = TABS[desk.tab].nobody;
  const known = new Map(Array.from($("queue").children, (item) => [item.firstChild.dataset.id, item]));
  const items = desk.queue.map((handoff) => {
    let item = known.get(handoff.id);
    if (!item) {
      const button = element("button");
      button.type = "button";
      button.dataset.id = handoff.id;
      button.addEventListener("click", () => choose(handoff.id));
      item = element("li", "", button);
    }
    item.firstChild.replaceChildren(...entry(handoff));
    item.firstChild.toggleAttribute("aria-current", Boolean(desk.open) && desk.open.id === handoff.id);
    return item;
  });
  const wanted = new Set(items);
  for (const item of known.values()) if (!wanted.has(item)) item.remove();
  items.forEach((item, at) => {
    if ($("queue").children[at] !== item) $("queue").insertBefore(item, $("queue").children[at] || null);
  });
}

async function choose(id) {
  try {
    show(await ask("GET", "/handoffs/" + encodeURIComponent(id)));
    await news();
  } catch (error) {
    if (error.status === 404) kept.set("open", null);
    problem(error);
  }
}

// ---- One conversation

function show(handoff) {
  desk.open = handoff;
  desk.seen = 0;
  desk.unsent.clear();
  desk.pictures.splice(0).forEach((address) => URL.revokeObjectURL(address));
  kept.set("open", handoff ? handoff.id : null);
  $("desk").classList.toggle("talking", Boolean(handoff));
  showCard(false);
  for (const each of document.querySelectorAll("#queue button")) each.toggleAttribute("aria-current", each.dataset.id === handoff?.id);
  $("talk").hidden = $("card").hidden = !handoff;
  $("empty").hidden = Boolean(handoff);
  $("log").replaceChildren();
  $("reply").value = (handoff && desk.drafts.get(handoff.id)?.text) || "";
  if (!handoff) return;
  drawTitle();
  drawCard();
  for (const line of handoff.transcript) {
    const who = { customer: name(handoff), assistant: "机器人", agent: "人工客服" }[line.who] || line.who;
    const kind = ["customer", "assistant", "agent"].includes(line.who) ? line.who : "assistant";
    const made = bubble(kind, who, line.time, line.text);
    for (const media of line.media || []) picture(made, media);
    $("log").append(made);
  }
  $("log").append(element("p", "note rule", "以上是转人工之前的对话"));
  $("log").scrollTop = $("log").scrollHeight;
}

function drawTitle() {
  const handoff = desk.open;
  const mine = handoff.state_code === "connected" && handoff.agent_id === desk.agent;
  const left = handoff.state_code === "ticketed";
  $("talk-title").replaceChildren(name(handoff), " ", ...badges(handoff));
  $("talk-facts").textContent = [handoff.state + (handoff.agent_name ? "：" + handoff.agent_name : ""), handoff.reason_label,
    ...handoff.topics, handoff.ticket_number ? "工单 " + handoff.ticket_number : ""].filter(Boolean).join(" · ");
  $("take").hidden = handoff.state_code !== "waiting";
  $("close").hidden = !mine && !left;
  $("close").textContent = left ? "不用回复" : "结束服务";
  $("promise").hidden = !left;
  $("promise").classList.toggle("late", handoff.overdue);
  $("promise").textContent = left ? promised(handoff) + "。您的回复会发到客户原来的聊天里，工单随后办结。" : "";
  $("sure-title").textContent = left ? "不回复这条留言？" : "结束这次人工服务？";
  $("sure-text").textContent = left ? "留言会从待回复里去掉，工单办结，客户不会收到消息。" : "结束后由机器人接着服务，并请客户评价。";
  $("reply").disabled = $("send").disabled = !mine && !left;
  $("reply").placeholder = left ? "回复留言：Enter 发送，Shift+Enter 换行" : mine ? "回复客户：Enter 发送，Shift+Enter 换行"
    : handoff.state_code === "waiting" ? "接入后可以回复" : "";
}

/** On a phone the customer's card stands over the talk. */
function showCard(on) {
  $("desk").classList.toggle("about", on);
  $("about").setAttribute("aria-expanded", String(on));
}

function clock(time) {
  const at = new Date(time);
  if (!time || Number.isNaN(at.getTime())) return "";
  const zone = { timeZone: "Asia/Shanghai" };
  const day = (moment) => moment.toLocaleDateString("zh-CN", { ...zone, month: "numeric", day: "numeric" });
  const hour = at.toLocaleTimeString("zh-CN", { ...zone, hour: "2-digit", minute: "2-digit", hour12: false });
  return day(at) === day(new Date()) ? hour : day(at) + " " + hour;
}

function bubble(kind, who, time, text) {
  return element("div", "said " + kind, element("span", "by", [who, clock(time)].filter(Boolean).join(" ")), element("p", "words", text));
}

function drawMessage(said) {
  const log = $("log");
  if (desk.unsent.has(said.seq)) {
    if (said.delivered) {
      desk.unsent.get(said.seq).remove();
      desk.unsent.delete(said.seq);
    }
  }
  if (said.seq <= desk.seen) return;
  desk.seen = said.seq;
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  if (said.who_code === "system") {
    log.append(element("p", "note", `${said.text} ${clock(said.at)}`));
  } else {
    const who = said.who_code === "customer" ? name(desk.open) : said.author || said.who;
    const made = bubble(said.who_code, who, said.at, said.text);
    for (const media of said.media) picture(made, media);
    if (!said.delivered) {
      const mark = element("span", "by", "发送中…");
      made.append(mark);
      desk.unsent.set(said.seq, mark);
    }
    log.append(made);
  }
  if (atEnd || said.who_code === "agent") log.scrollTop = log.scrollHeight;
}

async function picture(made, media) {
  const open = desk.open;
  try {
    const answer = await fetch(`/api/v1/handoffs/${open.id}/pictures/${encodeURIComponent(media.id)}`,
      { headers: { Authorization: "Bearer " + desk.token } });
    if (!answer.ok) return;
    const address = URL.createObjectURL(await answer.blob());
    if (desk.open !== open) return URL.revokeObjectURL(address);
    desk.pictures.push(address);
    const shown = document.createElement("img");
    shown.alt = "客户发来的图片";
    const log = $("log");
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    shown.addEventListener("load", () => { if (atEnd) log.scrollTop = log.scrollHeight; });
    shown.src = address;
    const button = element("button", "picture", shown);
    button.type = "button";
    button.title = "放大";
    button.addEventListener("click", () => {
      $("large-picture").src = address;
      $("large").showModal();
    });
    const words = made.querySelector(".words");
    if (words.textContent === "[图片]") words.hidden = true;
    made.append(button);
  } catch {
    // The words [图片] say enough until the picture can be fetched.
  }
}

function facts(pairs) {
  const list = element("dl", "");
  for (const [key, value] of pairs) {
    if (value !== null && value !== undefined && value !== "") list.append(element("dt", "", key), element("dd", "", String(value)));
  }
  return list;
}

function section(title, items, draw) {
  const body = items.length ? element("ul", "", ...items.map((item) => element("li", "", ...draw(item)))) : element("p", "what", "没有");
  return [element("h3", "", title), body];
}

function drawCard() {
  const handoff = desk.open;
  const customer = handoff.customer;
  const card = $("card");
  card.replaceChildren(element("h2", "", "客户"));
  if (!customer) {
    card.append(element("p", "what", "访客，没有登录：身份没有核实，不能告诉对方任何订单信息。"));
  } else {
    card.append(facts([["姓名", customer.name], ["等级", customer.level], ["编号", customer.id], ["手机", customer.phone_masked],
      ["灵犀币", customer.points], ["标签", customer.tags.join("、")]]));
    card.append(...section("最近的订单", customer.orders, (order) => [order.title,
      element("small", "", `${order.number} · ${order.state} · ¥${order.amount} · ${order.created_at.slice(5, 10)}`)]));
    card.append(...section("处理中的售后", customer.open_returns, (slip) => [`${slip.kind} · ${slip.state}`,
      element("small", "", `${slip.slip} · ${slip.title}`)]));
  }
  const known = Object.entries(handoff.slots).filter(([, value]) => typeof value !== "object");
  if (known.length) card.append(element("h3", "", "机器人问到的"), facts(known));
}

// ---- Deeds

async function take() {
  if (!desk.open || $("take").hidden) return;
  const open = desk.open;
  try {
    Object.assign(open, await ask("POST", `/handoffs/${open.id}/take`, { agent_id: desk.agent, agent_name: desk.agent }, newKey()));
    if (desk.open !== open) return;
    drawTitle();
    await news();
    $("reply").focus();
  } catch (error) {
    problem(error);
  }
}

/** `text` as it stands; `key` of the try to send `sent`. */
function keepDraft(id, draft) {
  if (draft) desk.drafts.set(id, draft);
  else desk.drafts.delete(id);
  kept.set("drafts", Array.from(desk.drafts).slice(-50));
}

async function send() {
  const open = desk.open;
  const text = $("reply").value.trim();
  if (!open || !text || $("send").disabled) return;
  // The same words tried again carry the same key: the customer reads them once.
  const draft = desk.drafts.get(open.id);
  const key = draft?.sent === text ? draft.key : newKey();
  keepDraft(open.id, { text, sent: text, key });
  $("send").disabled = true;
  try {
    await ask("POST", `/handoffs/${open.id}/replies`, { agent_id: desk.agent, agent_name: desk.agent, text }, key);
    keepDraft(open.id, null);
    if (desk.open === open) {
      desk.toldUntil = 0;
      $("reply").value = "";
      await news();
    }
  } catch (error) {
    problem(error.status ? error : new Refusal(0, "", "没有发出去，请再按一次发送；不会重复。"));
  } finally {
    if (desk.open === open) {
      drawTitle();
      $("reply").focus();
    }
  }
}

async function close() {
  const open = desk.open;
  $("sure").close();
  try {
    await ask("POST", `/handoffs/${open.id}/close`, undefined, newKey());
    if (desk.open === open) await news();
    $("queue").querySelector("button")?.focus();
  } catch (error) {
    problem(error);
  }
}

function move(step) {
  const buttons = Array.from(document.querySelectorAll("#queue button"));
  const at = buttons.indexOf(document.activeElement);
  buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)]?.focus();
}

$("enter-form").addEventListener("submit", (event) => { event.preventDefault(); enter(); });
$("leave").addEventListener("click", () => leave());
$("tabs").addEventListener("click", (event) => {
  const tab = event.target.closest("button")?.dataset.tab;
  if (tab) turnTo(tab);
});
$("back").addEventListener("click", () => {
  if ($("desk").classList.contains("about")) return showCard(false);
  const was = desk.open?.id;
  show(null);
  document.querySelector(`#queue [data-id="${CSS.escape(was || "")}"]`)?.focus();
});
$("about").addEventListener("click", () => showCard(!$("desk").classList.contains("about")));
$("large").addEventListener("click", () => $("large").close());
$("reply").addEventListener("input", () => {
  if (desk.open) keepDraft(desk.open.id, $("reply").value ? { ...desk.drafts.get(desk.open.id), text: $("reply").value } : null);
});
$("take").addEventListener("click", take);
$("reply-form").addEventListener("submit", (event) => { event.preventDefault(); send(); });
$("close").addEventListener("click", () => $("sure").showModal());
$("sure").addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter && event.submitter.value === "yes") close();
  else $("sure").close();
});
$("reply").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
});
document.addEventListener("keydown", (event) => {
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && document.activeElement.closest("#queue")) {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.altKey && event.code === "KeyT") { event.preventDefault(); take();
  } else if (event.altKey && event.code === "KeyR") { event.preventDefault(); $("reply").focus();
  } else if (event.altKey && event.code === "KeyQ") { event.preventDefault(); ($("queue").querySelector("[aria-current]") || $("queue").querySelector("button"))?.focus(); }
});
start();
