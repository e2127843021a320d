/* Puts the chat on a shop's page: a button that opens the widget in a frame.

   <script src="https://assistant.example/webhooks/webchat/embed.js" data-title="在线客服"
           data-customer-token="…" data-token-function="freshCustomerToken" data-sound="off"></script>

   The frame is loaded with the page, so that a reply raises the badge whether or not the panel is open; it connects by
   itself once there is a conversation. Until it says that it is there, the panel shows a cover of our own, which can be closed.
   The customer token goes to the frame by postMessage, to the chat's own origin only, and never into an address. */
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.LingxiChat) return;

  const chatOrigin = new URL(script.src).origin;
  const title = script.dataset.title || "在线客服";
  const PHONE = matchMedia("(max-width: 480px), (max-height: 480px) and (pointer: coarse)");
  const CALM = matchMedia("(prefers-reduced-motion: reduce)");
  const ANSWERS_WITHIN = 12000; // the frame, from the first byte asked for
  const STARTS_WITHIN = 2000; // its script, once it is loaded
  const TRIES_AGAIN = [15000, 30000, 60000, 120000];
  let token = script.dataset.customerToken || null;
  let frame = null;
  let loaded = false;

  const style = `
    :host { all: initial; }
    button {
      position: fixed; right: max(20px, env(safe-area-inset-right)); bottom: max(20px, env(safe-area-inset-bottom)); z-index: 2147483000;
      display: grid; place-items: center; width: 60px; height: 60px; padding: 0; border: 0; border-radius: 21px;
      background: linear-gradient(140deg, #4c72ea, #2542ad); color: #fff; cursor: pointer;
      box-shadow: 0 8px 24px rgb(37 66 173 / 38%); transition: transform .16s;
    }
    button:hover { transform: translateY(-2px); }
    button:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #2542ad; }
    .count {
      position: absolute; top: -6px; right: -6px; box-sizing: border-box; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px;
      background: #c62828; color: #fff; font: 600 12px/22px system-ui, sans-serif; text-align: center;
    }
    [hidden] { display: none !important; }
    .panel {
      position: fixed; right: 20px; bottom: 92px; z-index: 2147483001; width: 392px; height: min(660px, calc(100vh - 112px));
      overflow: hidden; border-radius: 20px; background: #f4f6fb; box-shadow: 0 18px 60px rgb(27 34 51 / 30%);
      animation: open .18s ease-out;
    }
    iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: light; }
    @keyframes open { from { transform: translateY(12px); opacity: 0; } }
    .cover { position: absolute; inset: 0; display: flex; flex-direction: column; background: #f4f6fb; color: #1b2233; font: 15px/1.6 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, sans-serif; }
    .cover .top {
      display: flex; align-items: center; gap: 12px; padding: 14px 16px; padding-top: max(14px, env(safe-area-inset-top));
      background: linear-gradient(120deg, #2542ad, #3457d5 55%, #4c72ea); color: #fff;
    }
    .cover .top b { flex: 1; font-size: 16px; font-weight: 600; line-height: 40px; }
    .cover button { position: static; width: auto; height: 40px; padding: 0 22px; border-radius: 20px; background: #3457d5; box-shadow: none; font: inherit; }
    .cover button:hover { transform: none; background: #2542ad; }
    .cover button:focus-visible { outline: 3px solid #9db2f5; box-shadow: none; }
    .cover .top button { width: 40px; padding: 0; border-radius: 12px; background: none; }
    .cover .top button:hover { background: rgb(255 255 255 / 18%); }
    .cover .top button:focus-visible { outline-color: #fff; }
    .cover .middle { display: grid; flex: 1; place-content: center; justify-items: center; gap: 14px; padding: 24px; text-align: center; }
    .cover p { margin: 0; max-width: 17em; color: #5b6478; }
    .cover .face { display: grid; place-items: center; width: 64px; height: 64px; border-radius: 22px; background: #eaf0ff; color: #3457d5; }
    .cover .turning { width: 30px; height: 30px; border: 3px solid #d5def8; border-top-color: #3457d5; border-radius: 50%; animation: turn .9s linear infinite; }
    .cover .deeds { display: flex; gap: 10px; margin-top: 4px; }
    .cover button.quiet { border: 1px solid #c6cede; background: #fff; color: #1b2233; }
    .cover button.quiet:hover { background: #eaf0ff; }
    @keyframes turn { to { transform: rotate(1turn); } }
    @media ${PHONE.media} {
      .panel { inset: 0; width: 100%; height: 100%; height: 100dvh; border-radius: 0; }
      .panel:not([hidden]) ~ button { display: none; }
    }
    @media (prefers-reduced-motion: reduce) { .panel, .cover .turning { animation: none; } button { transition: none; } }`;

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  try {
    // Not subject to a page's style-src, unlike a <style> element.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(Object.assign(document.createElement("style"), { textContent: style }));
  }

  const panel = Object.assign(document.createElement("div"), { className: "panel", hidden: true });
  const launcher = document.createElement("button");
  launcher.type = "button";
  launcher.setAttribute("aria-expanded", "false");
  launcher.setAttribute("aria-label", `打开${title}`);
  launcher.innerHTML =
    '<svg viewBox="0 0 24 24" width="30" height="30" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M12 3c5 0 9 3.4 9 7.7 0 4.2-4 7.6-9 7.6-.9 0-1.8-.1-2.6-.3L5 20.5l.7-3.7C4 15.3 3 13.1 3 10.7 3 6.4 7 3 12 3z"/><path d="M8.5 9.5v2M15.5 9.5v2M9.5 13.7c1.6 1 3.4 1 5 0"/></svg>';
  const count = Object.assign(document.createElement("span"), { className: "count", hidden: true });
  launcher.append(count);
  root.append(panel, launcher);

  /* What is shown in the frame's place until it is there, or where it cannot come. */
  const cover = document.createElement("div");
  cover.className = "cover";
  cover.innerHTML = `
    <div class="top"><b></b><button type="button" class="shut" aria-label="收起客服窗口"><svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true"><path d="M6 9l6 6 6-6"/></svg></button></div>
    <div class="middle loading"><span class="turning" aria-hidden="true"></span><p role="status">正在打开客服窗口…</p></div>
    <div class="middle failed" hidden>
      <span class="face" aria-hidden="true"><svg viewBox="0 0 24 24" width="32" height="32" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"><path d="M2 8.5a15 15 0 0 1 20 0M5.5 12.4a10 10 0 0 1 13 0M9 16.2a5 5 0 0 1 6 0M12 20h.01M4 3l16 17"/></svg></span>
      <p role="alert">客服窗口没有打开。<br>请检查网络后重试。</p>
      <div class="deeds"><button type="button" class="quiet shut">关闭</button><button type="button" class="again">重试</button></div>
    </div>`;
  cover.querySelector("b").textContent = title;
  panel.append(cover);

  /** Shows the cover as `loading` or `failed`, or (with null) the frame. */
  function showCover(what) {
    cover.hidden = !what;
    for (const part of cover.querySelectorAll(".middle")) part.hidden = !part.classList.contains(what);
  }

  const post = (message) => {
    if (loaded) frame.contentWindow.postMessage(message, chatOrigin);
  };

  /* A browser that gives frames of other sites no storage would forget the conversation at every page of the shop:
     the page keeps it for the frame then. */
  const shelf = `lingxi@${chatOrigin}:`;

  function kept() {
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(shelf));
      return Object.fromEntries(keys.map((key) => [key.slice(shelf.length), localStorage.getItem(key)]));
    } catch {
      return {};
    }
  }

  function keep({ key, value }) {
    try {
      if (value === null) localStorage.removeItem(shelf + key);
      else localStorage.setItem(shelf + key, value);
    } catch { /* no storage here either: the conversation lasts as long as this page */ }
  }

  let waiting = null;
  let failures = 0;

  /** Loads the frame anew. */
  function load() {
    clearTimeout(waiting);
    frame?.remove();
    loaded = false;
    showCover("loading");
    frame = document.createElement("iframe");
    frame.allow = "microphone"; // asked for when the customer wants to speak, and only then
    frame.title = title;
    frame.src = `${chatOrigin}/webhooks/webchat/`;
    // A browser's own error page is "loaded" too: only what the frame says counts.
    frame.addEventListener("load", () => {
      if (loaded) return;
      clearTimeout(waiting);
      waiting = setTimeout(fail, STARTS_WITHIN);
    });
    waiting = setTimeout(fail, ANSWERS_WITHIN);
    panel.prepend(frame);
  }

  function fail() {
    showCover("failed");
    if (!panel.hidden) cover.querySelector(".again").focus();
    retry();
  }

  /** While nobody is looking, so that a person's reply still raises the badge. */
  function retry() {
    const pause = TRIES_AGAIN[Math.min(failures++, TRIES_AGAIN.length - 1)];
    waiting = setTimeout(() => (panel.hidden ? load() : retry()), pause);
  }

  const hasFailed = () => !cover.querySelector(".failed").hidden && !cover.hidden;

  /* Whether the panel is open goes with the tab from page to page. */
  const wasOpen = `${shelf}panel`;

  function remember(on) {
    try {
      if (on) sessionStorage.setItem(wasOpen, "open");
      else sessionStorage.removeItem(wasOpen);
    } catch { /* no storage: the panel begins closed on the next page */ }
  }

  function isRemembered() {
    try {
      return sessionStorage.getItem(wasOpen) === "open";
    } catch {
      return false;
    }
  }

  /* On a phone the panel is the whole screen, and Back leaves it. */
  const inHistory = () => history.state?.lingxi === "open";

  /** `byHand`: the customer asked for it, so the focus goes there. */
  function open(byHand = true) {
    if (panel.hidden && PHONE.matches && !inHistory()) history.pushState({ ...history.state, lingxi: "open" }, "");
    panel.hidden = false;
    remember(true);
    if (!frame || (byHand && hasFailed())) load();
    launcher.setAttribute("aria-expanded", "true");
    launcher.setAttribute("aria-label", `收起${title}`);
    count.hidden = true;
    post({ lingxi: "visible", on: true, focus: byHand });
    if (byHand && loaded) frame.focus();
    else if (byHand) cover.querySelector(".shut").focus();
  }

  function close() {
    if (panel.hidden) return;
    panel.hidden = true;
    remember(false);
    launcher.setAttribute("aria-expanded", "false");
    launcher.setAttribute("aria-label", `打开${title}`);
    post({ lingxi: "visible", on: false });
    launcher.focus();
    if (inHistory()) history.back();
  }

  /* What is new is told in the page's title, and by two soft notes once the customer has touched the page. */
  let mark = "";

  function markTitle(unread) {
    const plain = mark && document.title.startsWith(mark) ? document.title.slice(mark.length) : document.title;
    mark = unread ? `（${unread} 条新消息）` : "";
    if (document.title !== mark + plain) document.title = mark + plain;
  }

  let audio = null;

  function chime() {
    if (script.dataset.sound === "off" || CALM.matches || navigator.userActivation?.hasBeenActive === false) return;
    try {
      audio ??= new AudioContext();
      audio.resume();
      [[660, 0], [880, 0.14]].forEach(([pitch, after]) => {
        const from = audio.currentTime + after;
        const note = new OscillatorNode(audio, { frequency: pitch });
        const loudness = new GainNode(audio, { gain: 0 });
        loudness.gain.setValueAtTime(0, from);
        loudness.gain.linearRampToValueAtTime(0.12, from + 0.02);
        loudness.gain.exponentialRampToValueAtTime(0.001, from + 0.3);
        note.connect(loudness).connect(audio.destination);
        note.start(from);
        note.stop(from + 0.32);
      });
    } catch { /* no sound here: badge and title say it */ }
  }

  /** A token that is not the one the widget has: from the page's function, or from a changed attribute. */
  async function freshToken() {
    const named = script.dataset.tokenFunction;
    const get = named && named.split(".").reduce((where, name) => where?.[name], window);
    const answer = typeof get === "function" ? await get() : script.dataset.customerToken;
    return typeof answer === "string" && answer && answer !== token ? answer : null;
  }

  const receivers = {
    close,
    keep,
    hello: () => {
      clearTimeout(waiting);
      loaded = true;
      failures = 0;
      const byHand = !panel.hidden && root.activeElement !== null;
      showCover(null);
      post({ lingxi: "init", token, title, kept: kept() });
      post({ lingxi: "visible", on: !panel.hidden, focus: byHand });
      if (byHand) frame.focus();
    },
    unread: (message) => {
      const unread = Number(message.count) || 0;
      markTitle(unread);
      if (message.fresh) chime();
      count.textContent = unread > 99 ? "99+" : String(unread);
      count.hidden = !unread || !panel.hidden;
      if (panel.hidden) launcher.setAttribute("aria-label", unread ? `打开${title}，${unread} 条新消息` : `打开${title}`);
    },
    "token-needed": async () => {
      const fresh = await freshToken().catch(() => null);
      token = fresh;
      post({ lingxi: "token", token: fresh });
    },
  };

  window.addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== chatOrigin) return;
    const kind = event.data?.lingxi;
    if (Object.hasOwn(receivers, kind)) receivers[kind](event.data);
  });
  launcher.addEventListener("click", () => (panel.hidden ? open() : close()));
  for (const shut of cover.querySelectorAll(".shut")) shut.addEventListener("click", close);
  cover.querySelector(".again").addEventListener("click", () => {
    load();
    cover.querySelector(".shut").focus();
  });
  window.addEventListener("online", () => hasFailed() && load());
  window.addEventListener("popstate", () => {
    if (inHistory()) {
      if (PHONE.matches && panel.hidden) open();
    } else if (PHONE.matches) close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });

  window.LingxiChat = Object.freeze({
    open: () => open(),
    close,
    /** The customer has signed in (or, with null, out) without a reload of the page. */
    setToken(fresh) {
      token = fresh || null;
      post({ lingxi: "identity", token });
    },
  });

  const mount = () => {
    document.body.append(host);
    if (isRemembered()) open(false);
    // The shop's page comes first.
    const begin = () => frame || load();
    const idle = () => (window.requestIdleCallback ? requestIdleCallback(begin, { timeout: 2000 }) : setTimeout(begin, 200));
    if (document.readyState === "complete") idle();
    else window.addEventListener("load", idle);
  };
  if (document.body) mount();
  else document.addEventListener("DOMContentLoaded", mount);
})();
