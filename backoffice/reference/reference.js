"use strict";

// The description is asked for with the token that was typed, if any; without the right one the page says what to do.
const ask = document.getElementById("ask");
const field = document.getElementById("token");
const wrong = document.getElementById("wrong");
let token = "";

async function show() {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  let answer;
  try {
    answer = await fetch("/openapi.json", { headers });
  } catch {
    return say("暂时连不上，请稍后再试。");
  }
  if (answer.status === 401) return say(token ? "令牌不正确，请核对后再试。" : "");
  if (!answer.ok) return say("暂时打不开，请稍后再试。");
  ask.hidden = true;
  window.SwaggerUIBundle({
    spec: await answer.json(),
    dom_id: "#reference",
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      if (token && new URL(request.url, location.href).origin === location.origin) {
        request.headers.Authorization ??= `Bearer ${token}`;
      }
      return request;
    },
  });
}

function say(text) {
  ask.hidden = false;
  wrong.textContent = text;
  field.focus();
}

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  token = field.value.trim();
  // A header takes only what is printed here.
  if (/^[\x21-\x7e]+$/.test(token)) show();
  else say("令牌不正确，请核对后再试。");
});

show();
