/* SPDX-License-Identifier: Apache-2.0 */
/* webpage: what every page of ours shares: head, style sheet, cards, foot.
 *
 * One file, no script, nothing loaded from anywhere (its policy forbids both); light or dark as the reader's system is,
 * black on white on paper. The markup is XML as well as HTML. */
#ifndef FURUI_REPORT_WEBPAGE_H
#define FURUI_REPORT_WEBPAGE_H

#include "models/report/markup.h"

/* <head> and the opening of <main>; the end of both, with who made it and when, and our own words behind that. */
void webpage_open(struct markup *m, const char *title);
void webpage_close(struct markup *m, const char *words);

/* A large figure with its name, and a line below that may be NULL. Between webpage_cards_open and _close. */
void webpage_cards_open(struct markup *m);
void webpage_card(struct markup *m, const char *name, const char *value, const char *below);
void webpage_cards_close(struct markup *m);

#endif
