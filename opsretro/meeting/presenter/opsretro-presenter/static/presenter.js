// Shows the retro meeting over the whole window of JupyterLab. `opsretro meet` starts a JupyterLab that loads this file
// as it is: a prebuilt extension written by hand, so that nothing has to be built and nothing is fetched.
//
// The meeting is a widget with the class `opsretro-meeting`, the stage, made by a cell of a notebook. Its state
// is on disk, so there is one way back from everything: run all cells again.

const STAGE = ".opsretro-meeting";
const NOTICE = "正在准备复盘会…  Preparing the meeting…";
const RETURN = "回到投影 · Present";
const START = 60_000; // milliseconds a kernel may take to come up before it is started anew
const PATIENCE = 120_000; // for the stage to appear; then the cover goes away so that people see what happened
const RENDERING = 20_000; // the same once every cell has run
const OPENING = 10_000; // for JupyterLab to open the notebook; now and then, in a second window, it forgets to
const HANDOVER = 2_000; // for the new stage to take the focus out of the field of the one before
const REVIVAL = 10_000; // between two attempts to start a kernel where none is left

// The stage is a popover: the browser draws those above everything else, whatever contains them, and without moving the
// element, so that the widget stays where JupyterLab put it. `:where` leaves its colours to its own style sheet.
const STYLE = `
${STAGE}:popover-open {
  position: fixed !important; inset: 0 !important; box-sizing: border-box !important; overflow: auto !important;
  width: 100vw !important; height: 100vh !important; max-width: none !important; max-height: none !important;
  margin: 0 !important; border: 0 !important; outline: none;
}
:where(${STAGE}:popover-open) {
  background: var(--jp-layout-color0, Canvas); color: var(--jp-ui-font-color0, CanvasText);
}
.opsretro-cover, .opsretro-back { position: fixed; z-index: 2147483647; font-family: system-ui, sans-serif; }
.opsretro-cover {
  inset: 0; display: grid; place-items: center; padding: 24px; text-align: center; font-size: 28px;
  background: #fff; color: #333; cursor: progress;
}
.opsretro-back {
  right: 24px; bottom: 24px; min-height: 48px; padding: 8px 24px; font-size: 20px; cursor: pointer;
  border: 1px solid currentcolor; border-radius: 4px; background: #fff; color: #222;
}
.opsretro-kept { position: fixed; height: 0; overflow: hidden; }
.opsretro-back[hidden] { display: none; }
.jp-InputPlaceholder { display: none !important; } /* it shows the first line of hidden code; the View menu shows all */
@media (prefers-color-scheme: dark) {
  .opsretro-cover { background: #1b1b1b; color: #ccc; }
  .opsretro-back { background: #1b1b1b; color: #eee; }
}`;

function element(tag, className, text) {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Keys that are the browser's or the desktop's own: reload, full screen, developer tools, zoom, tabs and windows.
function isForBrowser(event) {
  if (event.altKey || /^(F\d+|Control|Shift|Alt|Meta|AltGraph)$/.test(event.key)) return true;
  return (event.ctrlKey || event.metaKey) && /^[-+=0rtnwq]$/i.test(event.key);
}

function activate(app) {
  const cover = element("div", "opsretro-cover", NOTICE);
  const back = element("button", "opsretro-back", RETURN);
  const seen = new WeakSet();
  const path = decodeURIComponent(location.pathname.split("/doc/tree/")[1] ?? ""); // of the notebook
  let stage = null; // the newest
  let away = false; // somebody went to the notebook below, and comes back by the button
  let preparing = false; // cells are running, and their stage has not come yet
  let failed = false; // the last run failed: the stage that is still there belongs to a kernel that is gone
  let kept = null; // the output with the stage of a kernel that is gone, before the room until there is a new one
  let last = null; // what had the focus last, of what is on the stage
  let composing = false; // an input method is in the middle of a word
  let refocus = 0;
  let deadline = 0;

  cover.setAttribute("role", "status");
  back.type = "button";
  back.hidden = true;
  document.head.append(element("style", "", STYLE));
  document.body.append(back);

  const isFull = () => stage?.matches(":popover-open") ?? false;

  // -- the cover: nobody in the room has to look at a notebook that is being run ----------------------------------
  function uncoverIn(milliseconds) {
    clearTimeout(deadline);
    deadline = setTimeout(fail, milliseconds);
  }
  function prepare() {
    preparing = true;
    if (!away && !kept) document.body.append(cover);
    uncoverIn(PATIENCE);
  }
  function uncover() {
    clearTimeout(deadline);
    preparing = false;
    cover.remove();
  }
  function fail() {
    failed = true;
    uncover();
    letGo();
    present();
  }

  // Running the cells again takes their output away, and with it the field somebody is typing in. So the stage goes on
  // without its cell: it says that the kernel is gone and holds what is typed, until the new stage takes over the focus.
  function keepStage(panel) {
    if (away || kept || !isFull()) return;
    const outputs = panel.content.widgets.flatMap((cell) => [...(cell.outputArea?.widgets ?? [])]);
    kept = outputs.find((output) => output.node.contains(stage)) ?? null;
    if (!kept) return;
    const focused = document.activeElement;
    kept.parent = null;
    kept.node.classList.add("opsretro-kept");
    document.body.append(kept.node);
    present();
    if (stage.contains(focused)) focused.focus();
  }
  function letGo() {
    kept?.dispose();
    kept?.node.remove();
    kept = null;
  }
  function handOver() {
    const [old, at] = [kept, document.activeElement];
    const isTyping = old?.node.contains(at) && isField(at);
    if (old) setTimeout(() => kept === old && letGo(), isTyping ? HANDOVER : 0);
  }

  // -- the stage ---------------------------------------------------------------------------------------------------
  function follow() {
    if (kept && composing) return; // once the word is whole
    const stages = [...document.querySelectorAll(STAGE)];
    const fresh = stages.filter((one) => !seen.has(one));
    for (const one of fresh) {
      seen.add(one);
      one.tabIndex = -1;
    }
    if (fresh.length) {
      failed = false;
      uncover();
      handOver();
    }
    stage = fresh.at(-1) ?? (stage?.isConnected ? stage : (stages.at(-1) ?? null));
    present(stages);
  }
  function present(stages = document.querySelectorAll(STAGE)) {
    const shown = away || failed ? null : stage;
    for (const one of stages) {
      if (one !== shown && !kept?.node.contains(one)) one.removeAttribute("popover"); // an ordinary widget of its cell again
    }
    if (shown && !isFull()) {
      shown.popover = "manual"; // "auto" would close it on Escape and on a click outside
      shown.showPopover();
    }
    back.hidden = !(stage && away && !failed);
    if (!shown) return;
    // A dialog of JupyterLab ("the kernel died", "connection lost") would lie unseen below the stage and take the focus
    // from every field; the stage itself says what is the matter.
    for (const dialog of document.querySelectorAll(".jp-Dialog")) {
      (dialog.querySelector("button.jp-mod-reject") ?? dialog.querySelector("button.jp-mod-accept"))?.click();
    }
    // Later, because a board that draws itself anew puts the focus back first.
    clearTimeout(refocus);
    refocus = setTimeout(() => isFull() && ![stage, kept?.node].some(hasFocus) && focusStage(), 50);
  }
  // A dialog that came and went has taken the focus from the field somebody is typing in: it goes back there.
  const hasFocus = (one) => one?.contains(document.activeElement);
  const isField = (one) => one?.matches?.("input, textarea, select");
  const canType = (one) => isField(one) && stage.contains(one) && one.checkVisibility();
  const focusStage = () => (canType(last) ? last : stage).focus({ preventScroll: true });

  new MutationObserver(follow).observe(document.body, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["class"],
  });
  function toggle() {
    away = !away;
    last = null;
    if (away) uncover(), letGo();
    present();
  }
  document.addEventListener("opsretro-present", toggle);
  back.addEventListener("click", toggle);

  // -- nothing that happens on the stage reaches the notebook below --------------------------------------------------
  // On `window`, because JupyterLab listens on `document`, in the same phase.
  const onWindow = (name, told) => window.addEventListener(name, told, { capture: true });
  onWindow("keydown", (event) => {
    const onStage = event.target.closest?.(STAGE);
    if (onStage) {
      // JupyterLab's own word for "no shortcut of yours here". It has to be on the very element that has the focus:
      // the shortcuts that cut and insert cells are bound to any element of the notebook that has it.
      event.target.setAttribute("data-lm-suppress-shortcuts", "true");
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") event.preventDefault(); // all is saved
    }
    if (isFull() ? onStage === stage || kept?.node.contains(onStage) : !cover.isConnected) return;
    event.stopImmediatePropagation();
    if (isFull()) focusStage();
    const isLetter = event.keyCode === 229 || (event.key.length === 1 && !event.ctrlKey && !event.metaKey);
    if (isFull() && isLetter && isField(document.activeElement)) return; // the browser writes it where the focus is now
    if (!isForBrowser(event)) event.preventDefault();
    if (isFull()) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", event)); // no key is lost meanwhile
  });
  onWindow("focusin", (event) => {
    if (stage?.contains(event.target)) last = event.target;
    if (kept && stage?.contains(event.target) && !kept.node.contains(event.target)) letGo();
  });
  onWindow("compositionstart", () => (composing = true));
  onWindow("compositionend", () => ((composing = false), follow()));
  onWindow("contextmenu", (event) => {
    if (isFull()) event.stopImmediatePropagation(); // the browser's own menu, not the one that deletes cells
  });
  for (const name of ["dragover", "drop"]) {
    onWindow(name, (event) => {
      if (isFull() && event.dataTransfer?.types.includes("Files")) event.preventDefault(); // it would open the file
    });
  }

  // -- the kernel ----------------------------------------------------------------------------------------------------
  async function notebookPanel() {
    for (let waited = 0; ; waited += 50) {
      for (const widget of app.shell.widgets("main")) if (widget.content?.model && widget.sessionContext) return widget;
      await pause(50);
      if (path && waited % OPENING === OPENING - 50) app.commands.execute("docmanager:open", { path }).catch(console.error);
    }
  }
  async function begin() {
    await app.restored;
    const panel = await notebookPanel();
    const context = panel.sessionContext;
    let restarted = false;
    let reviving = false;

    async function run() {
      while (composing) await pause(50); // a word that is being composed would be cut in two
      keepStage(panel);
      prepare();
      const done = await app.commands.execute("notebook:run-all-cells").catch(() => false);
      if (restarted || !preparing) return;
      if (done === false) fail();
      else uncoverIn(RENDERING);
    }
    const isAlive = () => context.session?.kernel && context.session.kernel.status !== "dead";
    async function revive() {
      if (reviving) return;
      reviving = restarted = true;
      do {
        // A new kernel, as a dead one cannot be restarted. Where the session went with its kernel, the first attempt
        // only finds that out.
        for (let tries = 0; tries < 2 && (!tries || !isAlive()); tries += 1) {
          await context.changeKernel({ name: "python3" }).catch(console.error);
        }
        await pause(isAlive() ? 0 : REVIVAL);
      } while (!isAlive());
      reviving = false;
    }
    function onStatus(_, status) {
      if (status === "dead") revive();
      if (status === "restarting" || status === "autorestarting") restarted = true;
      if (restarted && status === "idle") {
        restarted = false;
        run();
      }
    }
    await panel.context.ready;
    await context.ready;
    // The dialog about a kernel that died would cut the word somebody is composing; the stage tells of it, too.
    const dialog = panel._onSessionStatusChanged; // JupyterLab's own; where it is gone, its dialog is dismissed as ever
    if (dialog) context.statusChanged.disconnect(dialog, panel);
    context.statusChanged.connect(onStatus);
    const isUp = await Promise.race([context.session?.kernel?.info.catch(() => null), pause(START)]);
    if (restarted) return;
    if (isUp) run();
    else revive();
  }
  prepare();
  begin();
}

const plugin = { id: "opsretro-presenter:plugin", autoStart: true, activate };
window._JUPYTERLAB = window._JUPYTERLAB || {};
window._JUPYTERLAB["opsretro-presenter"] = {
  init: () => {},
  get: async () => () => ({ __esModule: true, default: plugin }),
};
