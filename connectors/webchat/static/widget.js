/* The chat window. Talks to the server over one socket (protocol: README.md), keeps what is not acknowledged yet in the
   browser's storage, and shows whatever the server says was said. Plain JavaScript, nothing to build. */
(() => {
  "use strict";

  const $ = (id) => document.getElementById(id);
  const BASE = "/webhooks/webchat";
  const DAY = 24 * 3600 * 1000;
  const MAX_PICTURE = 5 * 1024 * 1024;
  const MAX_VOICE = 2 * 1024 * 1024;
  const MOST_SECONDS = 60;
  /** Whether the server has anybody who hears recordings. */
  const HEARS = document.querySelector("meta[name=lingxi-voice]").content === "on";
  const GREETING = "您好，我是智能客服灵犀。查订单、看物流、退换货、开发票，都可以直接问我；需要人工时，说“转人工”就好。";
  const SUGGESTIONS = ["我的订单到哪了", "怎么申请退货", "发票怎么开", "转人工"];

  /* ---- What the browser remembers ------------------------------------------------------------------------------ */

  /** What the embedding page keeps for us where the browser gives frames of other sites no storage. */
  const keptByParent = new Map();

  /** localStorage, or the embedding page's, or (standing alone) this page's memory. */
  const storage = (() => {
    try {
      localStorage.setItem("lingxi.probe", "1");
      localStorage.removeItem("lingxi.probe");
      return localStorage;
    } catch {
      return {
        getItem: (key) => keptByParent.get(key) ?? null,
        setItem(key, value) {
          keptByParent.set(key, value);
          parentPage.tell({ lingxi: "keep", key, value });
        },
        removeItem(key) {
          keptByParent.delete(key);
          parentPage.tell({ lingxi: "keep", key, value: null });
        },
        key: (index) => [...keptByParent.keys()][index] ?? null,
        get length() { return keptByParent.size; },
      };
    }
  })();

  /** One owner's shelf: each customer (by the token's `sub`) and the visitor have their own. */
  const shelf = (owner) => {
    const prefix = owner ? `lingxi.customer.${encodeURIComponent(owner)}.` : "lingxi.visitor.";
    const read = (key) => {
      try {
        return JSON.parse(storage.getItem(prefix + key));
      } catch {
        return null;
      }
    };
    const write = (key, value) => {
      try {
        storage.setItem(prefix + key, JSON.stringify(value));
      } catch { /* full: the message is still in memory */ }
    };
    return {
      conversationKey: `${prefix}conversation`,
      get conversation() {
        const kept = read("conversation");
        return kept && (owner || Date.now() - kept.at < DAY) ? kept.id : null;
      },
      set conversation(id) {
        if (id) write("conversation", { id, at: Date.now() });
        else storage.removeItem(`${prefix}conversation`);
      },
      seenKey: `${prefix}seen`,
      /** The number of the last message that was on the screen. */
      get seen() { return read("seen"); },
      set seen(seq) { write("seen", seq); },
      get draft() { return read("draft") ?? ""; },
      set draft(text) {
        if (text) write("draft", text);
        else storage.removeItem(`${prefix}draft`);
      },
      keep: (message) => write(`pending.${message.id}`, message),
      drop: (id) => storage.removeItem(`${prefix}pending.${id}`),
      pending() {
        const found = [];
        for (let index = 0; index < storage.length; index++) {
          const key = storage.key(index);
          if (key.startsWith(`${prefix}pending.`)) found.push(read(key.slice(prefix.length)));
        }
        return found.filter((message) => message && Date.now() - message.at < DAY).sort((a, b) => a.at - b.at);
      },
    };
  };

  /** The customer a token names: only to choose the shelf, the server alone says what the token proves. */
  const ownerOf = (token) => {
    try {
      const base64 = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      return String(JSON.parse(new TextDecoder().decode(bytes)).sub);
    } catch {
      return null;
    }
  };

  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  /* ---- The page that embeds us --------------------------------------------------------------------------------- */

  const parentPage = (() => {
    const allowed = new Set([...JSON.parse(document.querySelector("meta[name=lingxi-origins]").content), location.origin]);
    const embedded = window.parent !== window;
    let origin = null;
    let answerToken = null;
    const handlers = {};
    window.addEventListener("message", (event) => {
      if (!embedded || event.source !== window.parent || !allowed.has(event.origin)) return;
      if (origin && origin !== event.origin) return;
      origin = event.origin;
      const { lingxi: kind, ...rest } = event.data ?? {};
      if (kind === "token") answerToken?.(typeof rest.token === "string" ? rest.token : null);
      else if (Object.hasOwn(handlers, kind)) handlers[kind](rest);
    });
    const tell = (message) => origin && window.parent.postMessage(message, origin);
    return {
      embedded,
      handlers,
      tell,
      /** A fresh token, or null when the page has none or does not answer. */
      freshToken() {
        if (!origin) return Promise.resolve(null);
        return new Promise((resolve) => {
          const done = (token) => {
            clearTimeout(timer);
            answerToken = null;
            resolve(token);
          };
          const timer = setTimeout(done, 10000, null);
          answerToken = done;
          tell({ lingxi: "token-needed" });
        });
      },
    };
  })();

  /* ---- What is shown ------------------------------------------------------------------------------------------- */

  const element = (tag, className, ...children) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };

  /** Text with its web addresses as links; never as markup. */
  const linked = (text) => {
    const parts = [];
    let from = 0;
    for (const match of text.matchAll(/https?:\/\/[^\s<>"'，。；！？、（）【】《》“”]+/g)) {
      const address = match[0].replace(/[.,;:!?)\]]+$/, "");
      const link = element("a", "", address);
      link.href = address;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      parts.push(text.slice(from, match.index), link);
      from = match.index + address.length;
    }
    return [...parts, text.slice(from)];
  };

  const webAddress = (text) => {
    try {
      const url = new URL(text, location.href);
      return ["http:", "https:"].includes(url.protocol) ? url.href : null;
    } catch {
      return null;
    }
  };

  const isSound = (file) => file?.type?.startsWith("audio/") ?? false;

  const view = (() => {
    const scroll = $("scroll");
    const messages = $("messages");
    const pending = $("pending");
    const choices = [];
    const objectUrls = [];
    let lastAt = 0;
    let lastFrom = null;
    let pinned = true;

    const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
    const toEnd = () => {
      scroll.scrollTop = scroll.scrollHeight;
      $("newest").hidden = true;
    };
    scroll.addEventListener("scroll", () => {
      pinned = atEnd();
      if (pinned) $("newest").hidden = true;
    });
    $("newest").addEventListener("click", () => {
      toEnd();
      $("text").focus();
    });
    new ResizeObserver(() => pinned && toEnd()).observe(scroll);

    const settle = (isNew) => {
      if (pinned) toEnd();
      else if (isNew) $("newest").hidden = false;
    };

    const timeLabel = (at) => {
      const when = new Date(at);
      const clock = when.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
      const today = new Date().toDateString() === when.toDateString();
      return today ? clock : `${when.getMonth() + 1}月${when.getDate()}日 ${clock}`;
    };

    const image = (source, alt) => {
      const link = element("a", "picture");
      const img = element("img");
      img.alt = alt;
      img.referrerPolicy = "no-referrer";
      img.addEventListener("load", () => settle(false));
      img.addEventListener("error", () => {
        link.classList.add("failed");
        link.replaceChildren("图片无法显示");
      });
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.append(img);
      Promise.resolve(source).then((address) => {
        if (!address) return img.dispatchEvent(new Event("error"));
        link.href = img.src = address;
      });
      return link;
    };

    /** A recording: to be heard again in the window that has made it; the server keeps its words alone. */
    const sound = (address) => {
      if (!address) return element("div", "bubble", element("span", "unseen", "我："), "[语音]");
      const player = element("audio", "sound");
      Object.assign(player, { src: address, controls: true });
      player.setAttribute("aria-label", "我的语音");
      objectUrls.push(address);
      return player;
    };

    /** A customer's picture: fetched with the conversation's secret, which must not stand in an address. */
    const ownPicture = async (path) => {
      const answer = await fetch(path, { headers: { Authorization: `Bearer ${chat.conversation}` } }).catch(() => null);
      if (!answer?.ok) return null;
      const address = URL.createObjectURL(await answer.blob());
      objectUrls.push(address);
      return address;
    };

    const choiceGroup = (message, press) => {
      const group = element("div", "choices");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", "可选操作");
      for (const { title, payload } of message.buttons) {
        const button = element("button", "", title);
        button.type = "button";
        button.addEventListener("click", (event) => {
          press(title, payload);
          // A pressed button is switched off: keyboard users go on where they can type.
          if (event.detail === 0) $("text").focus();
        });
        group.append(button);
      }
      choices.push({ seq: message.seq, group });
      return group;
    };

    const row = (message) => {
      const who = message.from;
      const stack = element("div", "stack");
      const made = element("div", `row ${who}`);
      if (who !== "customer") {
        const face = element("span", "face", who === "agent" ? "人" : "灵");
        face.setAttribute("aria-hidden", "true");
        made.append(face);
      }
      if (who === "agent" && lastFrom !== "agent") {
        stack.append(element("p", "label", message.agent_name ? `人工客服 · ${message.agent_name}` : "人工客服"));
      }
      const speaker = { customer: "我：", agent: "人工客服：", bot: "智能客服：" }[who];
      const unseen = () => element("span", "unseen", speaker);
      if (message.text) stack.append(element("div", "bubble", unseen(), ...linked(message.text)));
      if (isSound(message.media)) stack.append(sound(message.preview));
      else if (message.media) stack.append(image(message.preview ?? ownPicture(message.media.path), "我发送的图片"));
      if (message.image) stack.append(image(webAddress(message.image), "客服发来的图片"));
      if (message.attachment) {
        const address = webAddress(message.attachment);
        const bubble = element("div", "bubble", unseen(), address ? "" : message.attachment);
        if (address) {
          const link = element("a", "", "查看附件");
          Object.assign(link, { href: address, target: "_blank", rel: "noopener noreferrer" });
          bubble.append(link);
        }
        stack.append(bubble);
      }
      made.append(stack);
      return made;
    };

    const api = {
      clear() {
        messages.replaceChildren();
        pending.replaceChildren();
        choices.length = 0;
        objectUrls.splice(0).forEach((address) => URL.revokeObjectURL(address));
        lastAt = 0;
        lastFrom = null;
        pinned = true;
        const greeting = row({ from: "bot", text: GREETING });
        greeting.id = "greeting";
        messages.append(greeting);
        lastFrom = "bot";
        $("suggestions").hidden = false;
      },
      /** Add what the server says was said. */
      add(message, isNew, press) {
        if (message.at_ms - lastAt > 5 * 60 * 1000) {
          messages.append(element("p", "time", timeLabel(message.at_ms)));
          lastFrom = null;
        }
        lastAt = message.at_ms;
        if (message.from === "notice") {
          messages.append(element("p", "notice", message.text));
          lastFrom = null;
        } else {
          const made = row(message);
          if (!made.lastElementChild.childElementCount) return; // nothing a person could see
          made.dataset.seq = message.seq;
          made.classList.toggle("same", lastFrom === message.from);
          made.classList.toggle("fresh", isNew && message.from !== "customer");
          if (message.buttons) made.lastElementChild.append(choiceGroup(message, press));
          messages.append(made);
          lastFrom = message.from;
        }
        if (message.from === "customer") {
          $("suggestions").hidden = true;
          pinned = pinned || isNew;
        }
        settle(isNew);
      },
      /** Show what is on its way; the same id again only changes its state. */
      addPending(message, state) {
        let made = api.findPending(message.id);
        if (!made) {
          made = row({ ...message, from: "customer", text: message.title ?? message.text });
          made.dataset.pending = message.id;
          made.lastElementChild.append(element("p", "state"));
          pending.append(made);
          $("suggestions").hidden = true;
          pinned = true;
        }
        made.querySelector(".state").textContent = state;
        settle(false);
      },
      findPending: (id) => pending.querySelector(`[data-pending="${id}"]`),
      dropPending: (id) => api.findPending(id)?.remove(),
      activateChoices(lastSaid, enabled) {
        for (const { seq, group } of choices) {
          const on = enabled && seq > lastSaid;
          for (const button of group.children) button.disabled = !on;
        }
      },
      notice(text) {
        messages.append(element("p", "notice", text));
        lastFrom = null;
        settle(true);
      },
      hint(text, seconds = 6) {
        clearTimeout(api.hintTimer);
        $("hint").textContent = text;
        $("hint").hidden = !text;
        if (text) api.hintTimer = setTimeout(() => api.hint(""), seconds * 1000);
      },
      typing(on) {
        $("typing").hidden = !on;
        settle(false);
      },
      status(text, on) {
        $("status").textContent = text;
        $("status").classList.toggle("on", on);
        $("attach").disabled = $("voice").disabled = !on;
      },
      quiet(work) {
        $("log").setAttribute("aria-live", "off"); // history is not read out
        work();
        requestAnimationFrame(() => {
          toEnd();
          $("log").setAttribute("aria-live", "polite");
        });
      },
    };
    return api;
  })();

  /* ---- The conversation ---------------------------------------------------------------------------------------- */

  const chat = (() => {
    let token = null;
    let owner = null;
    let everSignedIn = false;
    let signedOut = false;
    let kept = shelf(null);
    let conversation = null;
    let lastSeq = null;
    let lastSaid = 0;
    let welcomed = false;
    let expiries = 0;
    let renewing = false;
    let retryTimer = null;
    let unread = 0;
    let panelOpen = !parentPage.embedded;
    let greeted = "在线 · 为您服务中";
    let doubted = false;
    const plainTitle = document.title;
    const unacked = new Map();
    const previews = new Map(); // of what this window has sent, until it is shown as said

    const WAITING = "等待网络恢复后发送";

    /* What is new */

    const looking = () => panelOpen && !document.hidden;

    const tellUnread = (fresh = false) => {
      parentPage.tell({ lingxi: "unread", count: unread, fresh });
      if (!parentPage.embedded) document.title = unread ? `（${unread} 条新消息）${plainTitle}` : plainTitle;
    };

    const markSeen = () => {
      if (lastSeq !== null && lastSeq > (kept.seen ?? -1)) kept.seen = lastSeq;
      if (!unread) return;
      unread = 0;
      tellUnread();
    };

    /** Counts what nobody has looked at; who writes has seen what came before. */
    const notice = (message, isNew) => {
      if (message.from === "customer" || looking()) return markSeen();
      if (kept.seen !== null && message.seq <= kept.seen) return;
      unread += 1;
      if (isNew) tellUnread(true);
    };

    /* Sending */

    const transmit = (message) => {
      const { id, text, payload, media } = message;
      line.send({ type: "message", id, text: payload || media ? undefined : text, payload, media: media?.id });
    };

    /** Keep what is unsent over a reload; a preview lives in this page only. */
    const keep = ({ preview, ...message }) => kept.keep(message);

    const refreshChoices = () => view.activateChoices(lastSaid, unacked.size === 0);

    const say = (content) => {
      const message = { id: newId(), at: Date.now(), ...content };
      unacked.set(message.id, message);
      if (message.preview) previews.set(message.id, message.preview);
      keep(message);
      view.addPending(message, welcomed && !doubted ? "" : WAITING);
      refreshChoices();
      if (welcomed && !renewing) transmit(message);
    };

    const press = (title, payload) => say({ title, payload });

    /** Take up what was left unsent by an earlier page. */
    const recall = () => {
      for (const message of kept.pending()) if (!unacked.has(message.id)) unacked.set(message.id, message);
    };

    const flush = () => {
      recall();
      for (const message of unacked.values()) {
        view.addPending(message, "");
        transmit(message);
      }
      refreshChoices();
    };

    const settleMessage = (id) => {
      unacked.delete(id);
      kept.drop(id);
    };

    /* Who is speaking */

    const hello = () => {
      welcomed = false;
      line.send({ type: "hello", conversation, token, last_seq: lastSeq, signed_out: signedOut });
    };

    /** Change to another owner's shelf, taking along what is unsent only if `carry`. */
    const moveTo = (newOwner, newToken, carry) => {
      const leaving = kept;
      owner = newOwner;
      token = newToken;
      everSignedIn = everSignedIn || Boolean(newToken);
      kept = shelf(owner);
      conversation = kept.conversation;
      lastSeq = null;
      for (const message of unacked.values()) {
        if (!carry) continue;
        leaving.drop(message.id);
        keep(message);
      }
      if (!carry) unacked.clear();
      view.clear();
      unread = 0;
      if (!carry) {
        recall();
        composer.put(kept.draft);
      }
      for (const message of unacked.values()) view.addPending(message, welcomed ? "" : WAITING);
    };

    /** The line is worth its cost once there is a conversation, or somebody looks. */
    const connect = () => {
      if (looking() || conversation || unacked.size) line.start();
    };

    const becomeVisitor = () => {
      moveTo(null, null, true);
      conversation = null;
      signedOut = true;
      hello();
    };

    const renewToken = async () => {
      if (renewing) return;
      renewing = true;
      welcomed = false;
      const fresh = ++expiries <= 2 ? await parentPage.freshToken() : null;
      renewing = false;
      if (!fresh) becomeVisitor();
      else if (ownerOf(fresh) !== owner) {
        moveTo(ownerOf(fresh), fresh, false);
        hello();
      } else {
        token = fresh;
        hello();
      }
    };

    /** The page says that the customer has signed in, out, or that somebody else has. */
    const identify = (fresh) => {
      const newOwner = fresh ? ownerOf(fresh) : null;
      if (newOwner === owner) {
        token = fresh;
        if (welcomed && fresh) line.send({ type: "token", token: fresh });
      } else if (fresh && !everSignedIn && welcomed && !shelf(newOwner).conversation) {
        token = fresh; // a visitor who signs in keeps the conversation: the server binds it
        line.send({ type: "token", token: fresh });
      } else {
        moveTo(newOwner, fresh, false);
        signedOut = false;
        tellUnread();
        hello();
        connect();
      }
    };

    /* What the server says */

    const show = (message, isNew) => {
      if (lastSeq !== null && message.seq <= lastSeq) return;
      lastSeq = message.seq;
      if (message.from === "customer") {
        lastSaid = message.seq;
        const preview = previews.get(message.id);
        previews.delete(message.id);
        view.dropPending(message.id);
        settleMessage(message.id);
        view.add(preview ? { ...message, preview } : message, isNew, press);
      } else {
        view.add(message, isNew, press);
      }
      notice(message, isNew);
    };

    const receivers = {
      welcome(frame) {
        if (!frame.customer && owner !== null) {
          // The server did not believe the token: this is a visitor, whatever the token says.
          moveTo(null, null, true);
        }
        conversation = frame.conversation;
        if (kept.conversation !== conversation) kept.seen = null;
        kept.conversation = conversation;
        if (frame.history) {
          view.quiet(() => {
            view.clear();
            lastSeq = null;
            lastSaid = 0;
            unread = 0;
            // Nothing is known of what was seen: then it was all seen.
            if (kept.seen === null) kept.seen = frame.last_seq;
            for (const message of frame.history) show(message, false);
          });
          lastSeq = frame.last_seq;
          if (looking()) markSeen();
          tellUnread();
        }
        welcomed = true;
        signedOut = false;
        expiries = 0;
        doubted = false;
        greeted = frame.customer ? "已登录 · 为您服务中" : "在线 · 为您服务中";
        view.status(greeted, true);
        view.typing(false);
        flush();
      },
      message(frame) {
        if (!welcomed && lastSeq === null) return;
        show(frame, true);
        refreshChoices();
      },
      ack(frame) {
        const message = unacked.get(frame.id);
        settleMessage(frame.id);
        if (message) view.addPending(message, "");
        refreshChoices();
      },
      typing: (frame) => view.typing(frame.on),
      signed_in() {
        const newOwner = ownerOf(token);
        if (newOwner !== owner) {
          const leaving = kept;
          leaving.conversation = null;
          leaving.draft = "";
          kept = shelf(newOwner);
          owner = newOwner;
          everSignedIn = true;
          kept.conversation = conversation;
          kept.seen = leaving.seen;
          kept.draft = $("text").value;
          for (const message of unacked.values()) {
            leaving.drop(message.id);
            keep(message);
          }
        }
        greeted = "已登录 · 为您服务中";
        view.status(greeted, true);
      },
      pong() {},
      error(frame) {
        (refusals[frame.code] ?? refusals.other)(frame);
      },
    };

    const refusals = {
      token_expired(frame) {
        if (frame.id && unacked.has(frame.id)) view.addPending(unacked.get(frame.id), "正在更新登录状态…");
        renewToken();
      },
      too_fast(frame) {
        view.hint(frame.text);
        clearTimeout(retryTimer);
        retryTimer = setTimeout(() => welcomed && flush(), (frame.retry_after ?? 5) * 1000);
      },
      hello_first: hello,
      too_many_conversations(frame) {
        view.hint(frame.text);
        clearTimeout(retryTimer);
        retryTimer = setTimeout(() => welcomed || hello(), (frame.retry_after ?? 5) * 1000);
      },
      other_customer() {
        kept.conversation = null;
        conversation = null;
        lastSeq = null;
        hello();
      },
      button_gone(frame) {
        view.dropPending(frame.id);
        settleMessage(frame.id);
        view.notice(frame.text);
        // What is asked now stands further up, maybe out of sight.
        if (frame.question) view.add({ ...frame.question, at_ms: Date.now() }, true, press);
        refreshChoices();
      },
      token_forged(frame) {
        token = null;
        view.notice(frame.text);
      },
      other(frame) {
        const message = unacked.get(frame.id);
        if (message) {
          view.dropPending(frame.id);
          settleMessage(frame.id);
          refreshChoices();
          if (message.text && !$("text").value) composer.put(message.text);
        }
        view.hint(frame.text);
      },
    };

    return {
      get conversation() { return conversation; },
      get ready() { return welcomed; },
      start(firstToken) {
        moveTo(firstToken ? ownerOf(firstToken) : null, firstToken, false);
        connect();
      },
      opened: hello,
      get looking() { return looking(); },
      lost() {
        welcomed = doubted = false;
        view.status(navigator.onLine ? "连接已断开，正在重连…" : "网络已断开，恢复后自动重连", false);
        view.typing(false);
        for (const message of unacked.values()) view.addPending(message, WAITING);
      },
      /** The line is open but says nothing: maybe it is dead. */
      doubt() {
        if (doubted || !welcomed) return;
        doubted = true;
        view.status("网络不稳，正在重新连接…", false);
        for (const message of unacked.values()) view.addPending(message, WAITING);
      },
      receive(frame) {
        if (doubted) {
          doubted = false;
          view.status(greeted, true);
          for (const message of unacked.values()) view.addPending(message, "");
        }
        if (Object.hasOwn(receivers, frame.type)) receivers[frame.type](frame);
      },
      say,
      identify,
      /** What is being written, kept for the next page. */
      draft(text) { kept.draft = text; },
      setVisible(on, focus) {
        panelOpen = on;
        if (on && focus) composer.focus();
        this.looked();
      },
      looked() {
        if (!looking()) return;
        if (welcomed) markSeen();
        connect();
      },
      /** Another tab has shown what is new here. */
      seenElsewhere(key) {
        if (key !== kept.seenKey || !unread || kept.seen === null || kept.seen < lastSeq) return;
        unread = 0;
        tellUnread();
      },
      /** Another tab has begun this owner's conversation: join it while nothing is said here. */
      joinOtherTab(key) {
        if (key !== kept.conversationKey || lastSaid || unacked.size || !welcomed) return;
        const other = kept.conversation;
        if (!other || other === conversation) return;
        conversation = other;
        lastSeq = null;
        hello();
      },
    };
  })();

  /* ---- The line ------------------------------------------------------------------------------------------------ */

  const line = (() => {
    let socket = null;
    let tries = 0;
    let heardAt = 0;
    let timer = null;
    let askedAt = 0; // since when a ping is unanswered
    let pingedAt = 0;
    let started = false;

    const connect = () => {
      clearTimeout(timer);
      timer = null;
      const scheme = location.protocol === "https:" ? "wss:" : "ws:";
      askedAt = 0;
      const mine = (socket = new WebSocket(`${scheme}//${location.host}${BASE}/ws`));
      heardAt = Date.now();
      mine.onopen = () => {
        heardAt = Date.now();
        chat.opened();
      };
      mine.onmessage = (event) => {
        if (mine !== socket) return;
        tries = askedAt = 0;
        heardAt = Date.now();
        chat.receive(JSON.parse(event.data));
      };
      mine.onclose = () => {
        if (mine === socket) again();
      };
    };

    const again = () => {
      socket = null;
      chat.lost();
      const pause = Math.min(15000, 500 * 2 ** tries++) * (1 + Math.random() * 0.3);
      timer = setTimeout(connect, pause);
    };

    const hurry = () => {
      if (timer !== null) connect();
    };

    const drop = () => {
      const dead = socket;
      if (!dead) return;
      again();
      dead.close();
    };

    /* Somebody who looks is told of a silent line within five seconds; where nobody does, it costs little. It is given up
       later than it is doubted: a busy server is not helped by everybody connecting anew. */
    const PACE = {
      looking: { ping: 1800, doubt: 2000, dead: 18000 },
      away: { ping: 20000, doubt: Infinity, dead: 20000 },
    };

    const beat = () => {
      if (!socket) return;
      const now = Date.now();
      const pace = PACE[chat.looking ? "looking" : "away"];
      const unanswered = askedAt ? now - askedAt : 0;
      if (socket.readyState === WebSocket.CONNECTING) {
        if (now - heardAt > 10000) drop();
        return;
      }
      if (unanswered > pace.dead) return drop();
      if (unanswered > pace.doubt) chat.doubt();
      if (now - Math.max(heardAt, pingedAt) > pace.ping) {
        pingedAt = now;
        askedAt ||= now;
        line.send({ type: "ping" });
      }
    };

    return {
      start() {
        if (started) return;
        started = true;
        connect();
        setInterval(beat, 500);
        window.addEventListener("offline", drop);
        window.addEventListener("online", () => {
          drop();
          hurry();
        });
        document.addEventListener("visibilitychange", () => document.hidden || hurry());
      },
      send(frame) {
        if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
      },
    };
  })();

  /* ---- Typing, pictures, keys ---------------------------------------------------------------------------------- */

  const composer = (() => {
    const text = $("text");

    const fit = () => {
      text.style.height = "auto";
      text.style.height = `${Math.min(text.scrollHeight, 132)}px`;
      $("send").disabled = !text.value.trim();
      const left = 1000 - text.value.length;
      if (left <= 50) view.hint(left > 0 ? `还可以输入 ${left} 字` : "已到 1000 字，请分几条发送", 3);
    };

    const submit = () => {
      if (recorder.on) return recorder.finish();
      const said = text.value.trim();
      if (!said) return;
      view.hint("");
      chat.say({ text: said });
      text.value = "";
      fit();
      chat.draft("");
      text.focus();
    };

    text.addEventListener("input", () => {
      fit();
      chat.draft(text.value);
    });
    text.addEventListener("keydown", (event) => {
      // 229: the key belongs to an input method, also in browsers that end the composition before the key.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      submit();
    });
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    return {
      fit,
      /** Where there is a keyboard, ready to type; a phone's would cover half the window. */
      focus: () => (matchMedia("(pointer: fine)").matches ? text : $("scroll")).focus(),
      put(value) {
        text.value = value;
        fit();
      },
    };
  })();

  /** What is wrong with a file, before it is sent; null: nothing. */
  const unfit = (file) => {
    if (isSound(file) && !HEARS) return "这里暂时听不了语音，请用文字告诉我您要办什么。";
    if (isSound(file)) return file.size > MAX_VOICE ? "语音太长了，请控制在一分钟以内，或用文字说明。" : null;
    if (!["image/jpeg", "image/png", "image/webp", "image/gif"].includes(file.type)) {
      return `只支持 JPG、PNG、WebP、GIF 图片${HEARS ? "和语音" : ""}，请换一${HEARS ? "个" : "张"}。`;
    }
    return file.size > MAX_PICTURE ? "图片太大了，请选择 5 MB 以内的图片。" : null;
  };

  const sendFile = async (file) => {
    const wrong = unfit(file);
    if (wrong) return view.hint(wrong);
    if (!chat.ready) return view.hint("网络还没有恢复，请稍后再发。");
    const conversation = chat.conversation;
    const preview = URL.createObjectURL(file);
    const shown = { id: newId(), media: { type: file.type }, preview };
    view.addPending(shown, "正在上传…");
    let problem = `${isSound(file) ? "语音" : "图片"}没有上传成功，请检查网络后重试。`;
    try {
      const answer = await fetch(`${BASE}/media`, {
        method: "POST",
        headers: { Authorization: `Bearer ${conversation}`, "Content-Type": file.type },
        body: file,
      });
      const { id, type, detail } = await answer.json();
      view.dropPending(shown.id);
      if (answer.ok && conversation === chat.conversation) return chat.say({ media: { id, type, path: `${BASE}/media/${id}` }, preview });
      problem = detail ?? problem;
    } catch {
      view.dropPending(shown.id);
    }
    URL.revokeObjectURL(preview);
    view.hint(problem);
  };

  /** Speaking instead of typing: from the microphone's button until "send", for a minute at most. */
  const recorder = (() => {
    let running = null; // {machine, stream, parts, timer}

    const show = (on) => {
      $("composer").classList.toggle("recording", on);
      $("recording").hidden = !on;
      $("text").hidden = $("attach").hidden = on;
      $("voice").ariaLabel = $("voice").title = on ? "取消录音" : "说话";
      composer.fit();
      if (on) $("send").disabled = false;
    };

    const end = () => {
      const ended = running;
      running = null;
      clearInterval(ended.timer);
      for (const track of ended.stream.getTracks()) track.stop();
      show(false);
      composer.focus();
      return ended;
    };

    const begin = async () => {
      view.hint("");
      $("voice").disabled = true; // while the browser asks for the microphone
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
      $("voice").disabled = !chat.ready;
      if (!stream) return view.hint("没有得到麦克风的许可，请在浏览器里允许后再试，或直接打字。");
      const machine = new MediaRecorder(stream, { audioBitsPerSecond: 24000 });
      const began = Date.now();
      const tick = () => {
        const seconds = Math.floor((Date.now() - began) / 1000);
        $("recording").textContent = `正在录音 ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
        if (seconds >= MOST_SECONDS) api.finish();
      };
      running = { machine, stream, parts: [], timer: setInterval(tick, 250) };
      const { parts } = running;
      machine.addEventListener("dataavailable", (event) => parts.push(event.data));
      machine.start();
      tick();
      show(true);
      $("send").focus();
    };

    const api = {
      get on() { return running !== null; },
      finish() {
        const { machine, parts } = end();
        machine.addEventListener("stop", () => sendFile(new Blob(parts, { type: machine.mimeType.split(";")[0] })));
        machine.stop();
      },
      cancel() {
        end().machine.stop();
      },
    };

    $("voice").hidden = !(HEARS && window.MediaRecorder && navigator.mediaDevices);
    $("voice").addEventListener("click", () => (api.on ? api.cancel() : begin()));
    if (HEARS) $("file").accept += ",audio/*";
    return api;
  })();

  $("attach").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    for (const file of $("file").files) sendFile(file);
    $("file").value = "";
    $("text").focus();
  });
  const pictures = (transfer) => [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  $("text").addEventListener("paste", (event) => {
    const pasted = pictures(event.clipboardData);
    if (pasted.length) event.preventDefault();
    pasted.forEach(sendFile);
  });
  const area = document.querySelector(".chat");
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("dropping");
  });
  area.addEventListener("dragleave", () => area.classList.remove("dropping"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("dropping");
    [...event.dataTransfer.files].slice(0, 1).forEach(sendFile);
  });

  for (const suggestion of SUGGESTIONS) {
    const button = element("button", "", suggestion);
    button.type = "button";
    button.addEventListener("click", () => {
      chat.say({ text: suggestion });
      $("text").focus();
    });
    $("suggestions").append(button);
  }

  const close = () => parentPage.tell({ lingxi: "close" });
  $("close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    if (recorder.on) recorder.cancel();
    else close();
  });
  window.addEventListener("storage", (event) => {
    chat.joinOtherTab(event.key);
    chat.seenElsewhere(event.key);
  });
  document.addEventListener("visibilitychange", () => started && chat.looked());

  /* ---- Start --------------------------------------------------------------------------------------------------- */

  let started = false;
  const start = (token) => {
    if (started) return;
    started = true;
    chat.start(token);
  };
  parentPage.handlers.init = ({ token, title, kept }) => {
    for (const [key, value] of Object.entries(kept ?? {})) keptByParent.set(key, value);
    if (typeof title === "string" && title) $("title").textContent = document.title = title.slice(0, 40);
    $("close").hidden = false;
    start(typeof token === "string" && token ? token : null);
  };
  parentPage.handlers.identity = ({ token }) => started && chat.identify(typeof token === "string" && token ? token : null);
  parentPage.handlers.visible = ({ on, focus }) => chat.setVisible(on === true, focus === true);
  if (parentPage.embedded) {
    // Whose page this is, it says itself; there is nothing in this word that another might not hear.
    window.parent.postMessage({ lingxi: "hello" }, "*");
    setTimeout(() => {
      if (started) return;
      start(null);
      chat.setVisible(true, false); // a page that embeds the frame by itself shows it
    }, 3000);
  } else {
    start(null);
    composer.focus();
  }
})();
