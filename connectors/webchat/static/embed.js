/* Puts the chat on a shop's page: a button that opens the widget in a frame.

   <script src="https://assistant.example/webhooks/webchat/embed.js" data-title="在线客服"
           data-customer-token="…" data-token-function="freshCustomerToken"></script>

   The customer token goes to the frame by postMessage, to the chat's own origin only, and never into an address. */
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.LingxiChat) return;

  const chatOrigin = new URL(script.src).origin;
  const title = script.dataset.title || "在线客服";
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
    @media (max-width: 480px) {
      .panel { inset: 0; width: 100%; height: 100%; height: 100dvh; border-radius: 0; }
      .panel:not([hidden]) ~ button { display: none; }
    }
    @media (prefers-reduced-motion: reduce) { .panel { animation: none; } button { transition: none; } }`;

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

  function makeFrame() {
    frame = document.createElement("iframe");
    frame.title = title;
    frame.src = `${chatOrigin}/webhooks/webchat/`;
    frame.addEventListener("load", () => {
      loaded = true;
      post({ lingxi: "init", token, title, kept: kept() });
      post({ lingxi: "visible", on: !panel.hidden });
    });
    panel.append(frame);
  }

  function open() {
    panel.hidden = false;
    if (!frame) makeFrame();
    launcher.setAttribute("aria-expanded", "true");
    launcher.setAttribute("aria-label", `收起${title}`);
    count.hidden = true;
    post({ lingxi: "visible", on: true });
    frame.focus();
  }

  function close() {
    if (panel.hidden) return;
    panel.hidden = true;
    launcher.setAttribute("aria-expanded", "false");
    launcher.setAttribute("aria-label", `打开${title}`);
    post({ lingxi: "visible", on: false });
    launcher.focus();
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
    unread: (message) => {
      const unread = Number(message.count) || 0;
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
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });

  window.LingxiChat = Object.freeze({
    open,
    close,
    /** The customer has signed in (or, with null, out) without a reload of the page. */
    setToken(fresh) {
      token = fresh || null;
      post({ lingxi: "identity", token });
    },
  });

  const mount = () => document.body.append(host);
  if (document.body) mount();
  else document.addEventListener("DOMContentLoaded", mount);
})();
