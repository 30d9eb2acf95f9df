// What plain ipywidgets cannot do, and nothing else:
// - notice that the kernel is gone, say so, and hold what is typed meanwhile in the browser;
// - tick a clock without asking the kernel;
// - know keys, and leave them alone while an input method is composing a word;
// - deliver what is typed together with the key or button that enters it (a click may overtake the last letter);
// - let hundreds of cards be drawn as one piece of HTML and still be picked with mouse and keyboard.

const PATIENCE = 2500; // milliseconds without an answer before the kernel counts as gone
const PATIENCE_BUSY = 15_000; // the same for one that says it is working: it may hang in the middle of that
const PING = 1000;

function render({ model, el }) {
  const words = model.get("words");
  el.classList.add("om-guard");
  el.innerHTML = '<div class="om-banner" role="alert" hidden></div><output class="om-clock" role="timer"></output>';
  const [banner, clock] = el.children;
  const stop = new AbortController();
  const on = (what, name, told) => what.addEventListener(name, told, { signal: stop.signal });
  let root = null;
  let answered = Date.now();
  let asked = 0;
  let lost = false;
  let holds = false;

  // -- the kernel ------------------------------------------------------------------------------------------------
  const send = (message) => {
    try {
      model.send(message);
      return true;
    } catch {
      answered = 0; // the widget of a kernel that was restarted can send nothing
      return false;
    }
  };
  const status = () => model.widget_manager?.kernel?.status ?? "";
  const look = () => {
    const silent = asked > answered && Date.now() - asked > (status() === "busy" ? PATIENCE_BUSY : PATIENCE);
    if (/restarting|dead|terminating/.test(status())) answered = 0; // the next kernel does not know this widget
    const gone = answered === 0 || silent;
    if (gone !== lost) {
      lost = gone;
      if (lost) giveBack();
      root?.classList.toggle("om-lost", lost);
      banner.hidden = !lost;
      banner.textContent = lost ? (root?.matches(":popover-open") ? words.lost : words.lost_by_hand) : "";
    }
  };
  const beat = () => {
    look();
    if (!holds && root?.matches(":popover-open")) holds = send({ do: "hold" }); // projected: it is held from now on
    if (asked <= answered || !answered) {
      asked = Date.now();
      send({ do: "ping" });
    }
  };
  const changed = model.widget_manager?.kernel?.statusChanged;
  changed?.connect(look);
  model.on("msg:custom", (message) => {
    if (message.put) Object.entries(message.put).forEach(refused);
    if (message.focus) (wanted = message.focus), refocus();
    if (message.answer in sent) settle(message.answer, message.taken);
    answered = Date.now();
    look();
  });

  // -- what is typed ---------------------------------------------------------------------------------------------
  const shelf = `opsretro:${model.get("meeting")}`;
  const shelved = (part) => JSON.parse(localStorage.getItem(shelf + part) || "{}");
  const held = {}; // text by field
  const sent = {}; // by number, what was entered and not answered yet: name, and the text of the field that was emptied
  const keep = () => {
    localStorage.setItem(shelf, JSON.stringify(held));
    localStorage.setItem(`${shelf}:sent`, JSON.stringify(sent));
  };
  const fieldOf = (name) => root?.querySelector(`.om-field-${name} textarea, .om-field-${name} input`);
  const nameOf = (target) => target.closest?.('[class*="om-field-"]')?.className.match(/om-field-([\w-]+)/)?.[1];
  const fields = () => {
    const found = {};
    for (const box of root.querySelectorAll('[class*="om-field-"] :is(textarea, input)')) found[nameOf(box)] = box.value;
    return found;
  };
  const put = (name, text) => {
    const box = fieldOf(name);
    if (!box || box.value === text) return;
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  let composing = false; // an input method is in the middle of a word: nothing touches its field
  const later = [];
  const onceWhole = (act) => (composing ? later.push(act) : act());
  const putBack = (name, text) => onceWhole(() => put(name, joined(text, fieldOf(name)?.value))); // before what came since
  const refused = ([name, text]) => {
    const box = fieldOf(name);
    if (!box || box.value === text) return;
    if (!box.value || box.closest('[class*="om-clears-"]')) putBack(name, text); // any other still has it
  };
  const let_go = () => {
    const saved = model.get("saved");
    for (const name of Object.keys(held)) if ((saved[name] ?? "") === held[name]) delete held[name];
    keep();
  };
  model.on("change:saved", let_go);
  const waits = new Set(); // typed while no kernel listened; each goes back when its field is there
  const restore = () => {
    const now = shelved(""); // letters may still reach the stage before this one
    for (const name of waits) if (fieldOf(name)) waits.delete(name), name in now && put(name, now[name]);
  };
  const typed = (event) => {
    const name = nameOf(event.target);
    if (!name) return;
    held[name] = event.target.value;
    keep();
  };
  const joined = (...texts) => texts.filter(Boolean).join("\n");
  // A card that is entered leaves its field at once, for the next one. Until the kernel has answered, it stays on the
  // shelf: where the kernel died before it heard of it, it goes back into the field.
  const enter = (name) => {
    look();
    const box = root.querySelector(`.om-clears-${name} :is(textarea, input)`);
    const isTwice = !box && Object.values(sent).some((one) => one.name === name);
    if (lost || isTwice) return;
    const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
    const told = fields();
    sent[id] = { name, text: box?.value ?? "", told };
    keep();
    if (!send({ do: "send", name, id, fields: told })) return look();
    if (box) put(name, "");
  };
  const settle = (id, taken) => {
    const { name, text, back, told } = sent[id];
    delete sent[id];
    for (const one of Object.keys(told)) if (held[one] === told[one] && !fieldOf(one)) delete held[one];
    if (back && taken) onceWhole(() => put(name, without(text, fieldOf(name)?.value ?? ""))); // it had only been slow
    keep();
  };
  const without = (text, all) => (all === text ? "" : all.startsWith(`${text}\n`) ? all.slice(text.length + 1) : all);
  const giveBack = () => {
    for (const [id, one] of Object.entries(sent).reverse()) {
      if (!one.text) delete sent[id]; // its field still has it
      else if (!one.back) putBack(one.name, one.text), (one.back = true);
    }
    keep();
  };
  const takeBack = () => {
    Object.assign(held, shelved(""));
    const taken = (model.get("saved").entered ?? "").split(" ");
    for (const [id, { name, text, back }] of Object.entries(shelved(":sent")).reverse()) {
      if (taken.includes(id) && back) held[name] = without(text, held[name] ?? "");
      if (!taken.includes(id) && text && !back) held[name] = joined(text, held[name]);
    }
    keep();
    let_go();
  };

  // -- clicks and keys -------------------------------------------------------------------------------------------
  let last = ""; // the card that had the focus: a board that is drawn anew gives it back
  const cards = () => [...root.querySelectorAll("[data-card]")];
  const clicked = (event) => {
    const button = event.target.closest("button, [data-do]");
    // Of a double click the second half would hit what has moved under the mouse; the clock may be pressed in a row.
    if (button && (lost || (event.detail > 1 && !button.closest(".om-bar")))) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (button?.closest(".om-entry")) fieldOf("card")?.focus(); // a column was chosen: what is typed next is the card
    const sending = event.target.closest('[class*="om-send-"]');
    if (sending) {
      event.stopImmediatePropagation();
      return enter(sending.className.match(/om-send-([\w-]+)/)[1]);
    }
    const told = event.target.closest("[data-do]");
    if (!told) return;
    const others = [...root.querySelectorAll(".om-card.om-on")].filter((one) => one !== told);
    if (event.detail && told.matches(".om-card:not(.om-on)") && others.length) wanted = "topic"; // two or more: a title
    pressed(told);
  };
  const pressed = (told) => {
    if (told.dataset.do === "theme") return theme(root.classList.contains("om-dark") ? "light" : "dark");
    if (told.dataset.do === "present") return document.dispatchEvent(new CustomEvent("opsretro-present"));
    if (told.dataset.card) last = told.dataset.card;
    send({ ...told.dataset });
  };
  const keyed = (event) => {
    if (event.isComposing || event.keyCode === 229) return; // the key belongs to the input method
    const { target, key } = event;
    const command = event.ctrlKey || event.metaKey;
    const isText = target.matches("textarea, input, select");
    const done = () => (event.preventDefault(), event.stopPropagation());
    if (key === "Enter" && event.repeat) return done(); // a finger that rests on the key
    if (command && key === "Enter") return done(), lost || send({ do: event.shiftKey ? "back" : "next" });
    if (command && key.toLowerCase() === "s") return done(); // all is saved already
    if (command && key.toLowerCase() === "z" && !isText) return done(), lost || send({ do: "undo" });
    if (key === "Escape") return done(), lost || send({ do: "escape" });
    if (key === "Enter" && !event.shiftKey && target.matches("textarea, input")) {
      const box = target.closest('[class*="om-enters-"]');
      return box ? (done(), enter(box.className.match(/om-enters-([\w-]+)/)[1])) : undefined;
    }
    const told = target.closest("[data-do]");
    if (!told || isText) return;
    if (key === " " || key === "Enter") return done(), lost || pressed(told);
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[key];
    const all = cards();
    const place = all.indexOf(told) + (by || 0);
    const next = { Home: all[0], End: all.at(-1) }[key] || (by && all[Math.min(Math.max(place, 0), all.length - 1)]);
    if (told.dataset.card && next) done(), (last = next.dataset.card), next.focus();
  };
  let wanted = ""; // a field that is to have the focus as soon as it is drawn
  let asked_of = ""; // another question begins at the top
  const refocus = () => {
    const question = root.querySelector(".om-head h1")?.textContent ?? "";
    if (question !== asked_of) (asked_of = question), root.querySelector(".om-main")?.scrollTo(0, 0);
    if (waits.size) restore();
    if (wanted && fieldOf(wanted)) return fieldOf(wanted).focus(), void (wanted = "");
    if (last && document.activeElement === document.body) root.querySelector(`[data-card="${last}"]`)?.focus();
  };

  // -- the clock and the light -----------------------------------------------------------------------------------
  const tick = () => {
    const { left, since, run_over } = model.get("clock");
    if (left === undefined) return void (clock.textContent = "");
    const now = Math.round(left - (since ? Date.now() / 1000 - since : 0));
    const part = Math.abs(now);
    clock.textContent = `${now < 0 ? "−" : ""}${Math.floor(part / 60)}:${String(part % 60).padStart(2, "0")}`;
    clock.classList.toggle("om-over", now < 0);
    clock.classList.toggle("om-running", Boolean(since));
    clock.title = now < 0 ? run_over : "";
  };
  model.on("change:clock", tick);
  const theme = (name) => {
    const chosen = name || localStorage.getItem("opsretro:theme");
    const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    if (name) localStorage.setItem("opsretro:theme", name);
    root.classList.toggle("om-dark", dark);
  };

  // -- begin, as soon as the board around this widget is there -----------------------------------------------------
  const begin = () => {
    root = el.closest(".opsretro-meeting");
    const before = document.querySelector(".opsretro-meeting:popover-open"); // what the room sees of a kernel that is gone
    if (!root || (before && !root.matches(":popover-open"))) return;
    clearInterval(waiting);
    // JupyterLab's own keys, bound to whatever has the focus: a stray x would cut the cell, a b insert one.
    const ours = (event) => root.contains(event.target) && event.target.setAttribute("data-lm-suppress-shortcuts", "true");
    window.addEventListener("keydown", ours, { signal: stop.signal, capture: true });
    theme();
    root.addEventListener("click", clicked, { signal: stop.signal, capture: true });
    root.addEventListener("keydown", keyed, { signal: stop.signal, capture: true }); // text fields tell nobody of their keys
    on(root, "input", typed);
    on(root, "compositionstart", () => (composing = true));
    on(root, "compositionend", () => {
      composing = false;
      setTimeout(() => later.splice(0).forEach((act) => act()));
    });
    on(root, "focusin", ({ target }) => {
      if (target.dataset?.card || !target.closest(".om-side")) last = target.dataset?.card || ""; // a panel gives it back
      sessionStorage.setItem(shelf, nameOf(target) ?? "");
    });
    const redrawn = new MutationObserver(refocus);
    redrawn.observe(root, { childList: true, subtree: true });
    stop.signal.addEventListener("abort", () => redrawn.disconnect());
    takeBack();
    if (before) wanted = sessionStorage.getItem(shelf) ?? ""; // whoever was typing when the kernel went goes on typing
    for (const name of [...Object.keys(held), wanted].filter(Boolean)) waits.add(name);
    refocus();
    look();
  };
  const waiting = setInterval(begin, 50);
  const beating = setInterval(beat, PING); // never by an answer: that would ask again at once, without end
  const ticking = setInterval(tick, 250);
  tick();
  return () => {
    stop.abort();
    changed?.disconnect(look);
    [waiting, beating, ticking].forEach(clearInterval);
  };
}

export default { render };
