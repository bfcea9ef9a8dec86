/* SPDX-License-Identifier: Apache-2.0 */
/* wrong: the texts of settings, each kind by a rule of its own; see wrong.h. */
#include "proto/wrong.h"

#include "proto/base/cpus.h"
#include "proto/config.h"
#include "proto/where.h"

#include <ctype.h>
#include <stdlib.h>

const char *wrong_redis(const char *value)
{
    bool fine = strcmp(value, "private") == 0 || strcmp(value, "off") == 0;
    struct where w;
    fine = fine || (!wrong_path(value) && where_read(value, &w));
    return fine ? NULL : "private, off, unix:PATH, tcp:HOST:PORT, sentinel:NAME@HOST:PORT,… or cluster:HOST:PORT,…";
}

const char *wrong_word(const char *value)
{
    bool fine = *value != 0;
    for (const char *p = value; *p; p++) fine = fine && (isalnum((unsigned char)*p) || strchr("_-.:", *p));
    return fine ? NULL : "a word of letters, digits and _-.:";
}

const char *wrong_user(const char *value)
{
    bool fine = true;
    for (const char *p = value; *p; p++) fine = fine && (unsigned char)*p > ' ' && *p != ';';
    return fine ? NULL : "a name without white space and ';'";
}

const char *wrong_cpus(const char *value)
{
    return cpus_count(value) < 0 ? "numbers of CPUs and ranges of them: 0-3,8" : NULL;
}

/* An authserv-id may have UTF-8 in it (RFC 8616 4). */
const char *wrong_hosts(const char *list)
{
    span host[CONFIG_HOSTS_MAX];
    size_t n = config_hosts(list, host), commas = 0;
    bool fine = true;
    for (const char *p = list; *p; p++) commas += *p == ',';
    for (size_t i = 0; i < n; i++) {
        fine = fine && host[i].n > 0;
        for (size_t k = 0; k < host[i].n; k++)
            fine = fine && (ascii_alnum(host[i].p[k]) || host[i].p[k] >= 0x80 || strchr("_-.:/", host[i].p[k]));
    }
    if (!fine || (commas && commas + 1 > n)) return "up to 32 host names, separated by commas";
    return NULL;
}

const char *wrong_people(const char *value)
{
    span one[CONFIG_HOSTS_MAX];
    size_t n = config_hosts(value, one), commas = 0;
    bool fine = true;
    for (const char *p = value; *p; p++) {
        commas += *p == ',';
        fine = fine && (unsigned char)*p >= ' ' && !(p[0] == ' ' && p[1] == ';');
    }
    for (size_t i = 0; i < n; i++) fine = fine && one[i].n > 0;
    return fine && !(commas && commas + 1 > n) ? NULL : "up to 32 names, separated by commas";
}

/* A ';' after white space would begin a comment when --show-config's text is read back. */
const char *wrong_path(const char *value)
{
    bool fine = *value != 0 && *value != ' ' && value[strlen(value) - 1] != ' ' && *value != ';';
    for (const char *p = value; *p; p++) fine = fine && (unsigned char)*p >= ' ' && !(p[0] == ' ' && p[1] == ';');
    return fine ? NULL : "a path, without control characters and ' ;'";
}

const char *wrong_folder(const char *value)
{
    return *value ? wrong_path(value) : NULL;
}

static bool is_endpoint(const char *e)
{
    if (wrong_path(e) || strchr(e, ',')) return false;
    if (strncmp(e, "ipc://", 6) == 0) return e[6] != 0;
    if (strncmp(e, "tcp://", 6) != 0 || strchr(e, ' ')) return false;
    const char *port = strrchr(e + 6, ':');
    if (!port || port == e + 6) return false;
    size_t digits = strspn(port + 1, "0123456789");
    return strcmp(port, ":*") == 0 || (digits > 0 && digits <= 5 && port[1 + digits] == 0 && atoi(port + 1) < 65536);
}

const char *wrong_endpoint(const char *value)
{
    return is_endpoint(value) ? NULL : "ipc://PATH or tcp://ADDRESS:PORT";
}
