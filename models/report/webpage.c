/* SPDX-License-Identifier: Apache-2.0 */
/* webpage: the style sheet, and what stands around a page; see webpage.h. */
#include "models/report/webpage.h"

#include <time.h>

/* Blue and vermilion, told apart by all kinds of colour vision (Okabe and Ito, "Color universal design", 2002); lines
 * differ in their dashes too. */
static const char STYLE[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1c2024;--soft:#5b6470;--rule:#d5dae0;--grid:#e6e9ed;"
    "--tint:#f5f7f9;--ham:#2a6fb0;--spam:#d1571b;--c0:#1c2024;--c1:#d1571b;--c2:#2a6fb0;--c3:#1b8a6b;--c4:#a34a91;"
    "--c5:#8a7311;--good:#14734f;--bad:#b3261e}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#15181c;--ink:#e4e7eb;--soft:#9aa4b0;--rule:#3a424c;"
    "--grid:#2a3038;--tint:#1d2127;--ham:#69aee8;--spam:#f0894f;--c0:#e4e7eb;--c1:#f0894f;--c2:#69aee8;--c3:#4cc29b;"
    "--c4:#d68cc7;--c5:#cdb24a;--good:#5fcf9f;--bad:#ff8f85}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,\"Segoe UI\","
    "\"Noto Sans\",\"Liberation Sans\",Helvetica,Arial,sans-serif;font-variant-numeric:tabular-nums}\n"
    "main{max-width:960px;margin:0 auto;padding:36px 24px 48px}\n"
    "h1{font-size:26px;line-height:1.25;margin:0 0 6px}h2{font-size:19px;margin:44px 0 8px;padding-top:14px;"
    "border-top:1px solid var(--rule)}h3{font-size:16px;margin:0 0 6px}p{margin:6px 0 10px;max-width:75ch}\n"
    ".sub,.note,figcaption,footer,.of{color:var(--soft)}.note,figcaption,footer,.of{font-size:13.5px}\n"
    ".sub dt{float:left;clear:left;width:7.5em}.sub dd{margin:0 0 0 7.5em;color:var(--ink);overflow-wrap:anywhere}"
    ".sub{margin:10px 0 0}\n"
    ".says{margin:22px 0 0;padding:12px 16px;background:var(--tint);border-left:4px solid var(--c2);max-width:none;"
    "font-size:16px}.says p{max-width:none;margin:4px 0}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:12px;margin:18px 0 0}\n"
    ".card{border:1px solid var(--rule);border-radius:6px;padding:10px 14px}.card b{display:block;font-size:24px;"
    "line-height:1.3;font-weight:600}.card span{display:block;color:var(--soft);font-size:13px;line-height:1.4}\n"
    "figure{margin:26px 0 34px}figure>svg{display:block;width:100%;max-width:820px;height:auto}"
    "figcaption{max-width:80ch;margin-top:6px}.pair{display:grid;grid-template-columns:1fr 1fr;gap:0 28px}.pair "
    "figure{margin:18px 0 8px}"
    ".pair figure>svg{max-width:none}\n"
    "@media(max-width:760px){.pair{grid-template-columns:1fr}}\n"
    ".none{padding:14px 16px;border:1px dashed var(--rule);color:var(--soft)}\n"
    ".wide{overflow-x:auto;margin:10px 0 20px}table{border-collapse:collapse;width:100%;font-size:13.5px}\n"
    "caption{text-align:left;font-weight:600;font-size:15px;padding:10px 0 6px}\n"
    "th,td{padding:5px 12px 5px 0;text-align:right;border-bottom:1px solid var(--grid);vertical-align:top;"
    "white-space:nowrap}th:last-child,td:last-child{padding-right:0}\n"
    "thead th{border-bottom:1px solid var(--rule);color:var(--soft);font-weight:500;vertical-align:bottom;"
    "white-space:normal}tbody th{font-weight:500}\n"
    ".l{text-align:left}td.path,th.name{text-align:left;white-space:normal;overflow-wrap:anywhere}"
    "td.path{min-width:16em}th.name{min-width:9.5em}.nb,thead "
    "th.nb{white-space:nowrap}.why{white-space:normal;color:var(--soft);"
    "text-align:left;min-width:18em}\n"
    ".better{color:var(--good);font-weight:600}.worse{color:var(--bad);font-weight:600}\n"
    "details>summary{cursor:pointer;font-weight:600;margin:10px 0}\n"
    ".legend{list-style:none;margin:6px 0 8px;padding:0;display:flex;flex-wrap:wrap;gap:4px 22px;font-size:13.5px}"
    ".legend li{display:flex;align-items:center;gap:8px;overflow-wrap:anywhere}.key{width:26px;height:10px;flex:none}"
    ".key.dot{width:14px;height:14px}\n"
    "svg text{fill:var(--ink);font-size:12px}svg .axis{font-size:13px;font-weight:500}svg .tick{fill:var(--soft)}"
    "svg .small{font-size:10.5px}svg .faint{fill:var(--soft);opacity:.75}\n"
    "svg .grid{stroke:var(--rule);stroke-width:1}svg .minor{stroke:var(--grid)}svg .frame{fill:none;"
    "stroke:var(--soft);stroke-width:1}\n"
    "svg .curve{fill:none;stroke-width:2;stroke-linejoin:round}svg .c0{stroke:var(--c0)}svg .c1{stroke:var(--c1);"
    "stroke-dasharray:8 3}svg .c2{stroke:var(--c2);stroke-dasharray:3 3}svg .c3{stroke:var(--c3);"
    "stroke-dasharray:10 3 2 3}svg .c4{stroke:var(--c4);stroke-dasharray:1.5 3}svg .c5{stroke:var(--c5);"
    "stroke-dasharray:14 4}svg .mark{stroke-width:2;stroke-dasharray:none}svg .hollow{fill:var(--paper)}"
    "svg .full.c0{fill:var(--c0)}svg .full.c1{fill:var(--c1)}\n"
    "svg .b0{fill:var(--c2)}svg .b1{fill:var(--c1)}svg .b2{fill:var(--c3)}svg .b3{fill:var(--c4)}svg "
    ".b4{fill:var(--c5)}"
    "svg .b5{fill:var(--soft)}svg .spot{stroke-dasharray:none;fill:var(--paper);stroke-width:2}\n"
    "svg .diagonal{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:5 4}svg .whisker{stroke:var(--ham);"
    "stroke-width:1.5}svg .point{fill:var(--ham);stroke:var(--paper);stroke-width:1.5}svg .count{fill:var(--ham);"
    "opacity:.55}\n"
    "svg rect.ham{fill:var(--ham)}svg rect.spam{fill:var(--spam)}svg .limit{stroke:var(--ink);stroke-width:1.2;"
    "stroke-dasharray:5 3}\n"
    "footer{margin-top:48px;padding-top:12px;border-top:1px solid var(--rule)}\n"
    "@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--soft:#444;--rule:#999;--grid:#ddd;--tint:#fff;"
    "--ham:#2a6fb0;--spam:#d1571b;--c0:#000;--c1:#d1571b;--c2:#2a6fb0;--c3:#1b8a6b;--c4:#a34a91;--c5:#8a7311;"
    "--good:#14734f;--bad:#b3261e}@page{margin:14mm}body{font-size:10pt}main{max-width:none;padding:0}"
    "h2{margin-top:22px}figure{margin:14px 0}figure>svg{max-width:450px}.cards{grid-template-columns:repeat(5,1fr);"
    "gap:8px}.card{padding:6px 8px}.card b{font-size:17px}.card span{font-size:10px}.wide{overflow:visible;"
    "margin:6px 0 12px}table{font-size:8.5pt}th,td{padding:3px 8px 3px 0}td.path{min-width:0}th.name{min-width:6em}"
    ".why{min-width:0}figure,tr,.cards,.says{break-inside:avoid}h2,h3,caption{break-after:avoid}"
    "svg *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

void webpage_open(struct markup *m, const char *title)
{
    markup_put(m, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                  "'unsafe-inline'\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                  "<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>");
    markup_text(m, span_cstr(title));
    markup_put(m, "</title>\n<style>\n");
    markup_put(m, STYLE);
    markup_put(m, "</style>\n</head>\n<body>\n<main>\n");
}

void webpage_close(struct markup *m, const char *words)
{
    char when[32] = "";
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc)) strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &utc);
    markup_format(m, "<footer>Made by furui %s on %s. %s</footer>\n</main>\n</body>\n</html>\n", FURUI_VERSION, when,
                  words);
}

void webpage_cards_open(struct markup *m)
{
    markup_put(m, "<div class=\"cards\">\n");
}

void webpage_card(struct markup *m, const char *name, const char *value, const char *below)
{
    markup_format(m, "<div class=\"card\"><span>%s</span><b>%s</b><span>%s</span></div>\n", name, value,
                  below ? below : "");
}

void webpage_cards_close(struct markup *m)
{
    markup_put(m, "</div>\n");
}
