(() => {
"use strict"
const one = id => document.getElementById(id)
const data = JSON.parse(one("data").textContent)
const [find, period, from, to, hits, count] = ["find", "period", "from", "to", "hits", "count"].map(one)
const MOST = 40, LEFT = 10, RIGHT = 288, WIDTH = 360
const fold = text => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim()
let folded, span = [data.axis[0], data.axis.at(-1)], label = ""
const known = Object.fromEntries(data.periods.map(([name, first, last]) => [name, [first, last]]))
const make = (tag, text, kind) => {
    const element = document.createElement(tag)
    element.textContent = text
    if (kind) element.className = kind
    return element
}
const inside = month => month >= span[0] && month <= span[1]

const search = () => {
    const words = fold(find.value).split(" ").filter(Boolean)
    hits.replaceChildren()
    hits.hidden = !words.length
    count.textContent = ""
    if (!words.length) return
    folded ||= data.entries.map(entry => fold([data.names[entry[0]], data.axisOf[entry[0]], data.sections[entry[1]], entry[3]].join(" ")))
    const found = data.entries.filter((entry, at) => inside(data.axisOf[entry[0]]) && words.every(word => folded[at].includes(word)))
    for (const [month, section, anchor, text] of found.slice(0, MOST)) {
        const link = document.createElement("a")
        link.href = data.pages[month] ? data.pages[month] + "#" + anchor : "#" + data.axisOf[month]
        link.append(make("span", data.names[month], "quiet"), make("span", data.sections[section], "quiet"), make("span", text))
        const item = document.createElement("li")
        item.append(link)
        hits.append(item)
    }
    count.textContent = (found.length > MOST ? data.says.most : data.says[found.length === 1 ? "single" : found.length ? "many" : "none"])
        .replace("{n}", found.length).replace("{most}", MOST)
}

const limit = name => {
    const ends = known[name] || (/^\d{4}-\d\d\.\.\d{4}-\d\d$/.test(name) ? name.split("..").sort() : null)
    label = ends ? name : ""
    span = ends || [data.axis[0], data.axis.at(-1)]
    period.value = known[label] ? label : label ? "own" : ""
    period.querySelector("[value=own]").hidden = period.value !== "own"
    ;[from.value, to.value] = [0, 1].map(end => data.axis.includes(span[end]) ? span[end] : end ? data.axis.at(-1) : data.axis[0])
    for (const row of document.querySelectorAll("[data-m]")) row.hidden = !inside(row.dataset.m)
    for (const year of document.querySelectorAll("details.year")) {
        year.hidden = year.dataset.y < span[0].slice(0, 4) || year.dataset.y > span[1].slice(0, 4)
        if (label) year.open = true
    }
    const shown = data.sums.includes(label) ? label : label ? "own" : ""
    for (const sums of document.querySelectorAll(".sums")) sums.hidden = sums.dataset.p !== shown
    one("command").textContent = "opsretro run --month " + span.join("..") + " --only months"
    for (const more of document.querySelectorAll("details.more")) if (label) more.open = true
    const root = document.documentElement, steps = Math.max(data.axis.length - 1, 1)
    const place = month => LEFT + (RIGHT - LEFT) * (data.axis.length > 1 ? month / steps : 0.5)
    const half = (RIGHT - LEFT) / steps / 2
    const at = data.axis.map((month, position) => inside(month) ? position : -1).filter(position => position >= 0)
    root.classList.toggle("faded", Boolean(label) && at.length > 0)
    if (at.length) {
        root.style.setProperty("--from", Math.max(0, (place(at[0]) - half) / WIDTH * 100))
        root.style.setProperty("--to", Math.min(81.7, (place(at.at(-1)) + half) / WIDTH * 100))
    }
    search()
}

const plain = text => { try { return decodeURIComponent(text) } catch { return "" } }
const write = () => {
    const parts = [label, find.value && "q=" + encodeURIComponent(find.value)].filter(Boolean)
    history.replaceState(null, "", "#" + parts.join("&"))
}
const read = () => {
    const parts = location.hash.slice(1).split("&")
    const asked = parts.find(part => part.startsWith("q="))
    find.value = asked ? plain(asked.slice(2)) : ""
    limit(plain(parts.find(part => part && !part.startsWith("q=")) || ""))
}

find.addEventListener("input", () => { search(); write() })
period.addEventListener("change", () => { limit(period.value); write() })
for (const end of [from, to]) end.addEventListener("change", () => { limit([from.value, to.value].sort().join("..")); write() })
document.addEventListener("keydown", event => {
    const links = [...hits.querySelectorAll("a")], at = links.indexOf(document.activeElement)
    if (event.key === "/" && !/^(INPUT|SELECT)$/.test(document.activeElement.tagName)) { find.focus(); event.preventDefault() }
    else if (event.key === "Escape" && (at >= 0 || document.activeElement === find)) { find.value = ""; search(); write(); find.focus() }
    else if (event.key === "ArrowDown" && links.length && (at >= 0 || document.activeElement === find)) { links[Math.min(at + 1, links.length - 1)].focus(); event.preventDefault() }
    else if (event.key === "ArrowUp" && at >= 0) { (links[at - 1] || find).focus(); event.preventDefault() }
})
window.addEventListener("hashchange", read)
one("tools").hidden = false
for (const year of document.querySelectorAll("details.year")) year.removeAttribute("id")
read()
})()
