/* SPDX-License-Identifier: Apache-2.0 */
/* index_places: files, mboxes, directories and Maildirs as an index; see index.h.
 *
 * proto/cli/mailbox.h finds the mails, skimming; each is read again when its turn comes, by whichever thread. */
#include "models/corpus/index.h"

#include "proto/cli/cli.h"
#include "proto/cli/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static enum err fault(char *out, enum err e, const char *path, const char *what)
{
    snprintf(out, INDEX_FAULT_BYTES, "%.300s: %s", path, what);
    for (char *c = out; *c; c++)
        if ((uint8_t)*c < ' ' || *c == 0x7F) *c = '?';
    return e;
}

/* One more mail; its path is an offset into the text that is still growing. */
static bool add(struct mail_index *x, size_t *cap, const struct mailbox_mail *m, size_t path, bool spam)
{
    if (x->n == *cap) {
        *cap = *cap * 2 + 1024;
        struct index_entry *grown = realloc(x->entry, *cap * sizeof *grown);
        if (!grown) return false;
        x->entry = grown;
    }
    struct index_entry *e = &x->entry[x->n++];
    *e = (struct index_entry){.path = (const char *)path, .line = (uint32_t)m->number, .spam = spam};
    if (m->number) {
        e->at = m->at;
        e->bytes = m->raw_bytes;
    }
    x->spam += spam;
    return true;
}

struct text {
    char *p;
    size_t n, cap;
};

/* Where `path` stands in the text now; SIZE_MAX when out of memory. */
static size_t keep(struct text *t, const char *path)
{
    size_t n = strlen(path) + 1, at = t->n;
    if (t->cap - t->n < n) {
        size_t cap = t->cap * 2 + n + 4096;
        char *grown = realloc(t->p, cap);
        if (!grown) return SIZE_MAX;
        t->p = grown;
        t->cap = cap;
    }
    memcpy(t->p + at, path, n);
    t->n += n;
    return at;
}

static enum err add_place(struct mail_index *x, struct text *t, size_t *cap, const char *place, bool spam,
                          char *fault_out)
{
    struct listing files = {0};
    struct mailbox box;
    struct mailbox_mail m;
    struct progress bar;
    const char *last = NULL;
    size_t before = x->n, at = 0;
    uint64_t bytes = 0;
    struct stat st;
    if (stat(place, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return fault(fault_out, ERR_IO, place, "mails are read twice: a file or directory is needed");
    enum err e = ERR_OK;
    listing_add(&files, place);
    for (size_t i = 0; i < files.n; i++) bytes += files.v[i].bytes;
    mailbox_open(&box, &files);
    box.skim = true;
    progress_start(&bar, "looking for mails (bytes)", bytes);
    for (enum mailbox_got got; !e && (got = mailbox_next(&box, &m)) != MAILBOX_END;) {
        progress_at(&bar, box.bytes_read);
        if (got == MAILBOX_FAULT)
            e = fault(fault_out, ERR_IO, m.path, m.fault);
        else if (strcmp(m.path, "-") == 0)
            e = fault(fault_out, ERR_IO, m.path, "mails are read twice: a file or directory is needed");
        else if (strlen(m.path) >= INDEX_PATH_MAX)
            e = fault(fault_out, ERR_SYNTAX, m.path, "path too long");
        else if (m.number && !m.raw_bytes)
            continue; /* an envelope line without a mail */
        else if (m.path != last && (at = keep(t, m.path)) == SIZE_MAX)
            e = ERR_MEMORY;
        else if (!add(x, cap, &m, at, spam))
            e = ERR_MEMORY;
        if (e == ERR_MEMORY) fault(fault_out, e, place, err_str(e));
        last = m.path;
    }
    progress_end(&bar);
    mailbox_close(&box);
    listing_close(&files);
    if (!e && x->n == before) e = fault(fault_out, ERR_SYNTAX, place, "holds no mail");
    return e;
}

enum err index_open_places(const char *ham, const char *spam, struct mail_index *x_out, char *fault_out)
{
    struct mail_index x = {.folder = strdup("")};
    struct text t = {0};
    size_t cap = 0;
    enum err e = x.folder ? ERR_OK : fault(fault_out, ERR_MEMORY, "", err_str(ERR_MEMORY));
    if (!e && ham) e = add_place(&x, &t, &cap, ham, false, fault_out);
    if (!e && spam) e = add_place(&x, &t, &cap, spam, true, fault_out);
    x.text = t.p;
    for (size_t i = 0; i < x.n; i++) x.entry[i].path = x.text + (size_t)x.entry[i].path;
    if (e)
        index_close(&x);
    else
        *x_out = x;
    return e;
}
