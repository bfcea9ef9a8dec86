/* SPDX-License-Identifier: Apache-2.0 */
/* header: what a line of a header is: a field's name, and which of those that something asks for by name.
 *
 * One small hash table, by a name's length, first and last letter. */
#include "worker/mime/header.h"

#include "worker/mime/foreign.h"

/* Bytes that a name may have: all of ASCII that can be seen. */
static const bool IN_NAME[256] = {['!' ... '9'] = true, [';' ... '~'] = true};

size_t header_name(span line, size_t *colon)
{
    size_t n = 0;
    while (n < line.n && IN_NAME[line.p[n]]) n++;
    *colon = n;
    while (*colon < line.n && (line.p[*colon] == ' ' || line.p[*colon] == '\t')) ++*colon;
    return *colon < line.n && line.p[*colon] == ':' ? n : 0;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static const struct {
    span name;
    enum mail_field id;
} NAMES[] = {
    {SPAN("subject"), FIELD_SUBJECT},
    {SPAN("from"), FIELD_FROM},
    {SPAN("sender"), FIELD_SENDER},
    {SPAN("reply-to"), FIELD_REPLY_TO},
    {SPAN("return-path"), FIELD_RETURN_PATH},
    {SPAN("to"), FIELD_TO},
    {SPAN("cc"), FIELD_CC},
    {SPAN("date"), FIELD_DATE},
    {SPAN("message-id"), FIELD_MESSAGE_ID},
    {SPAN("in-reply-to"), FIELD_IN_REPLY_TO},
    {SPAN("references"), FIELD_REFERENCES},
    {SPAN("received"), FIELD_RECEIVED},
    {SPAN("mime-version"), FIELD_MIME_VERSION},
    {SPAN("content-type"), FIELD_CONTENT_TYPE},
    {SPAN("content-transfer-encoding"), FIELD_CONTENT_ENCODING},
    {SPAN("content-disposition"), FIELD_CONTENT_DISPOSITION},
    {SPAN("content-id"), FIELD_CONTENT_ID},
    {SPAN("x-mailer"), FIELD_X_MAILER},
    {SPAN("user-agent"), FIELD_USER_AGENT},
};

enum { SLOTS = 128 };

static uint8_t slots[SLOTS]; /* index into NAMES, + 1; 0: free */

/* Chosen so that each of NAMES has a slot of its own, and what else mail is full of finds a free one. */
static size_t slot_of(span name)
{
    return (name.n * 6 + ascii_lower(name.p[0]) * 9u + ascii_lower(name.p[name.n - 1]) * 5u) % SLOTS;
}

__attribute__((constructor)) static void fill_slots(void)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        size_t at = slot_of(NAMES[i].name);
        while (slots[at]) at = (at + 1) % SLOTS;
        slots[at] = (uint8_t)(i + 1);
    }
}

enum mail_field header_id(span name)
{
    if (name.n == 0) return FIELD_OTHER;
    for (size_t at = slot_of(name); slots[at]; at = (at + 1) % SLOTS)
        if (span_ieq(name, NAMES[slots[at] - 1].name)) return NAMES[slots[at] - 1].id;
    if (span_istarts(name, SPAN("list-"))) return FIELD_LIST;
    return foreign_header(name) ? FIELD_IGNORED : FIELD_OTHER;
}
