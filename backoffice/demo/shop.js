/* Puts the web chat on the page for the customer in its address, as a shop's own page would for whom it has signed in.

   The token is asked for by POST and lives in memory and in the embed tag; it never enters an address. Choosing another
   customer is a new page, so a chat never changes hands. */
(() => {
  "use strict";
  const { customer, chatUrl } = document.body.dataset;
  const button = document.getElementById("open-chat");
  const status = document.getElementById("chat-status");
  const RETRY_MS = 3000;

  async function freshToken() {
    const answer = await fetch("/demo/token", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ customer_id: customer }),
    });
    if (!answer.ok) throw new Error(`no token: ${answer.status}`);
    return (await answer.json()).token;
  }

  /** The one tag of the chat's README, made here because the token is fetched first. */
  function embed(token) {
    return new Promise((resolve, reject) => {
      const tag = document.createElement("script");
      tag.src = `${chatUrl}/webhooks/webchat/embed.js`;
      tag.dataset.title = "灵犀客服";
      if (token) {
        tag.dataset.customerToken = token;
        tag.dataset.tokenFunction = "LingxiCustomerToken";
      }
      tag.addEventListener("load", resolve);
      tag.addEventListener("error", () => {
        tag.remove();
        reject(new Error("the assistant does not answer"));
      });
      document.body.append(tag);
    });
  }

  async function start() {
    try {
      await embed(customer ? await freshToken() : null);
    } catch {
      status.textContent = "客服还在启动，稍等片刻会自动接通。";
      setTimeout(start, RETRY_MS);
      return;
    }
    status.textContent = "";
    button.textContent = "找客服聊聊";
    button.disabled = false;
    button.addEventListener("click", () => window.LingxiChat.open());
  }

  if (customer) window.LingxiCustomerToken = freshToken;
  document.querySelector(".guest[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  start();
})();
