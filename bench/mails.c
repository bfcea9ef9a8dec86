/* SPDX-License-Identifier: Apache-2.0 */
/* mails: see mails.h. */
#include "bench/mails.h"

#include "models/corpus/index.h"
#include "proto/cli/cli.h"
#include "proto/cli/mailbox.h"

#include <assert.h>
#include <stdlib.h>

static const size_t MAIL_BYTES_MAX = 64u << 20;

static void mails_add(struct mails *m, uint8_t *p, size_t n)
{
    if (m->n == m->cap) {
        m->cap = m->cap * 2 + 1024;
        m->v = realloc(m->v, m->cap * sizeof *m->v);
        assert(m->v && "out of memory");
    }
    m->v[m->n++] = span_of(p, n);
    m->bytes += n;
}

bool mails_from_index(struct mails *m, const char *path)
{
    struct mail_index x;
    struct mail_buf b = {0};
    char fault[INDEX_FAULT_BYTES];
    span mail;
    if (index_open(path, &x, fault) != ERR_OK) {
        cli_fail(CLI_NO_INPUT, "bench", "%s", fault);
        return false;
    }
    bool ok = true;
    for (size_t i = 0; i < x.n && ok; i++) {
        ok = index_read(&x, &x.entry[i], &b, MAIL_BYTES_MAX, &mail, fault) == ERR_OK;
        if (!ok) {
            cli_fail(CLI_NO_INPUT, "bench", "%s", fault);
            break;
        }
        uint8_t *copy = malloc(mail.n + 1);
        assert(copy && "out of memory");
        memcpy(copy, mail.p, mail.n);
        mails_add(m, copy, mail.n);
    }
    mail_buf_close(&b);
    index_close(&x);
    return ok;
}

bool mails_from_paths(struct mails *m, char **paths)
{
    struct listing list = {0};
    for (; *paths; paths++) listing_add(&list, *paths);
    struct mailbox box;
    struct mailbox_mail mail;
    bool ok = true;
    mailbox_open(&box, &list);
    for (enum mailbox_got got; ok && (got = mailbox_next(&box, &mail)) != MAILBOX_END;) {
        ok = got == MAILBOX_MAIL;
        if (ok)
            mails_add(m, mail.bytes, mail.n);
        else
            cli_fail(CLI_NO_INPUT, "bench", "%s: %s", mail.path, mail.fault);
    }
    mailbox_close(&box);
    listing_close(&list);
    return ok;
}

void mails_close(struct mails *m)
{
    for (size_t i = 0; i < m->n; i++) free((void *)m->v[i].p);
    free(m->v);
}
