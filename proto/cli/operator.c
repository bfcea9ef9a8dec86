/* SPDX-License-Identifier: Apache-2.0 */
/* operator: a request at the operator's door; see operator.h. */
#define _GNU_SOURCE
#include "proto/cli/operator.h"

#include "proto/cli/cli.h"
#include "proto/cli/jsontree.h"
#include "proto/cli/service.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { STAT_ARENA_BYTES = 16 << 20, ANSWER_MAX = 4 << 20 };

/* --- options ---------------------------------------------------------------------------------------------------- */

bool operator_fits(const char *verb, const char *option, const char *text, size_t cap)
{
    if (strlen(text) < cap) return true;
    cli_fail(CLI_USAGE, verb, "%s: at most %zu bytes", option, cap - 1);
    return false;
}

bool operator_option(struct operator_options *o, const char *verb, int option, const char *value)
{
    switch (option) {
    case OPERATOR_ENDPOINT: o->endpoint = value; return true;
    case OPERATOR_STATE_DIR: o->state_dir = value; return true;
    case OPERATOR_JSON: o->json = true; return true;
    case OPERATOR_BY: o->by = value; return operator_fits(verb, "--by", value, ADMIN_BY_MAX);
    case OPERATOR_NOTE: o->note = value; return operator_fits(verb, "--note", value, ADMIN_NOTE_MAX);
    default: return false;
    }
}

/* --- where it is -------------------------------------------------------------------------------------------------- */

static bool set_path(struct operator_door *d, span dir)
{
    if (dir.n == 0 || dir.n >= CONFIG_TEXT_MAX) return false;
    snprintf(d->path, sizeof d->path, "%.*s/" ADMIN_SOCKET, SPAN_ARG(dir));
    return true;
}

/* From a stat answer: where its state is, and who it is. */
static bool read_stat(struct operator_door *d, const char *json)
{
    struct arena a;
    struct jsontree *root = NULL;
    size_t at;
    bool found = false;
    if (arena_open(&a, STAT_ARENA_BYTES) != ERR_OK) return false;
    if (jsontree_parse(span_cstr(json), &a, &root, &at) == ERR_OK && root->kind == JSONTREE_OBJECT) {
        for (const struct jsontree *c = root->child; c; c = c->next) {
            if (span_eq(c->key, SPAN("state_dir"))) found = set_path(d, c->text);
            uint64_t pid;
            if (span_eq(c->key, SPAN("pid")) && pairs_number(c->text, &pid)) d->pid = (long)pid;
        }
    }
    arena_close(&a);
    return found;
}

int operator_find(struct operator_door *d, const char *verb, const struct operator_options *o)
{
    *d = (struct operator_door){0};
    if (o->state_dir) {
        if (set_path(d, span_cstr(o->state_dir))) return CLI_OK;
        return cli_fail(CLI_USAGE, verb, "--state-dir: not a directory's name");
    }
    struct service s;
    struct furui_options patience = {.deadline_ms = SERVICE_PING_MS};
    int status = service_open(&s, verb, o->endpoint, &patience);
    if (status != CLI_OK) return status;
    struct furui_answer a;
    if (furui_client_stat(s.client, 0, NULL, NULL) != FURUI_OK || furui_client_poll(s.client, -1, &a) != 1 ||
        a.type != FURUI_STAT || !read_stat(d, a.stat_json))
        status = cli_fail(CLI_UNAVAILABLE, verb, "%s: does not say where its state is; name it with --state-dir",
                          s.endpoint);
    service_close(&s);
    return status;
}

/* --- what is asked ------------------------------------------------------------------------------------------------ */

void operator_put_who(struct pairs *request, const struct operator_options *o)
{
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *me = o->by || sudo ? NULL : getpwuid(getuid());
    const char *who = o->by ? o->by : sudo ? sudo : me ? me->pw_name : "";
    if (strlen(who) < ADMIN_BY_MAX) pairs_put(request, "by", who);
    if (o->note) pairs_put(request, "note", o->note);
}

/* --- ask ---------------------------------------------------------------------------------------------------------- */

static int connect_to(const struct operator_door *d, const char *verb, int *fd_out)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = strlen(d->path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (n < sizeof to.sun_path) memcpy(to.sun_path, d->path, n + 1);
    errno = n < sizeof to.sun_path ? errno : ENAMETOOLONG;
    if (fd < 0 || n >= sizeof to.sun_path || connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        int why = errno;
        if (fd >= 0) close(fd);
        return cli_fail(CLI_UNAVAILABLE, verb, "%s: %s%s", d->path, strerror(why),
                        why == EACCES   ? "; only furuid's own user and root may"
                        : why == ENOENT ? "; is the service on this host?"
                                        : "");
    }
    struct ucred who = {0};
    socklen_t size = sizeof who;
    if (d->pid && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.pid != d->pid) {
        close(fd);
        return cli_fail(CLI_UNAVAILABLE, verb,
                        "%s is process %ld's, but the one that was asked is %ld: on another host or in a container? "
                        "Name the state directory with --state-dir",
                        d->path, (long)who.pid, d->pid);
    }
    *fd_out = fd;
    return CLI_OK;
}

static bool send_request(int to, const struct pairs *request, int fd)
{
    struct pairs all = {0};
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    pairs_put_number(&all, "v", ADMIN_VERSION);
    struct iovec io[] = {{all.p, all.n}, {request->p, request->n}};
    struct msghdr m = {.msg_iov = io, .msg_iovlen = 2};
    if (fd >= 0) {
        m.msg_control = control.room;
        m.msg_controllen = sizeof control.room;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    bool sent = sendmsg(to, &m, MSG_NOSIGNAL) >= 0;
    pairs_close(&all);
    return sent;
}

/* All packets until the end. */
static bool receive(int from, struct pairs *answer)
{
    for (;;) {
        if (answer->cap - answer->n < ADMIN_PACKET_MAX) {
            if (answer->cap > ANSWER_MAX) return false;
            char *grown = realloc(answer->p, answer->cap + 4 * ADMIN_PACKET_MAX);
            if (!grown) return false;
            answer->p = grown;
            answer->cap += 4 * ADMIN_PACKET_MAX;
        }
        ssize_t n = recv(from, answer->p + answer->n, ADMIN_PACKET_MAX, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n == 0 && answer->n > 0;
        answer->n += (size_t)n;
    }
}

/* The exit status that an answer's `status` stands for, after a line when that is not CLI_OK. */
static int read_status(const struct pairs *answer, const char *verb)
{
    char status[16], why[ADMIN_WHY_MAX];
    if (!operator_said(answer, "status", status, sizeof status) || !operator_said(answer, "why", why, sizeof why) ||
        !status[0])
        return cli_fail(CLI_IO, verb, "the answer cannot be read");
    if (strcmp(status, "busy") == 0) return cli_fail(OPERATOR_BUSY, verb, "not now: %s", why);
    if (strcmp(status, "refused") == 0) return cli_fail(OPERATOR_REFUSED, verb, "refused: %s", why);
    return CLI_OK;
}

int operator_ask(const struct operator_door *d, const char *verb, struct pairs *request, int fd,
                 struct pairs *answer_out)
{
    int to = -1;
    struct pairs answer = {0};
    int status = connect_to(d, verb, &to);
    bool sent = status == CLI_OK && send_request(to, request, fd);
    int why = errno;
    pairs_close(request);
    if (status != CLI_OK) return status;
    if (!sent && why != EPIPE && why != ECONNRESET)
        status = cli_fail(CLI_IO, verb, "%s: %s", d->path, strerror(why));
    else if (!sent || !receive(to, &answer))
        status = cli_fail(CLI_UNAVAILABLE, verb, "%s: furuid ended, or let go, before it answered%s%s%s", d->path,
                          d->tells ? "; '" : "", d->tells ? d->tells : "", d->tells ? "' tells what became of it" : "");
    close(to);
    if (status == CLI_OK) status = read_status(&answer, verb);
    if (status == CLI_OK)
        *answer_out = answer;
    else
        pairs_close(&answer);
    return status;
}

bool operator_said(const struct pairs *answer, const char *key, char *out, size_t cap)
{
    span rest = span_of(answer->p, answer->n), k, value;
    out[0] = 0;
    while (pairs_next(&rest, &k, &value) && k.n)
        if (span_eq(k, span_cstr(key))) return pairs_text(value, out, cap);
    return true;
}
