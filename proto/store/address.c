/* SPDX-License-Identifier: Apache-2.0 */
/* address: the one place that asks a resolver; see address.h. */
#include "proto/store/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

enum err address_unix(span path, struct address *out)
{
    *out = (struct address){0};
    struct sockaddr_un *un = (struct sockaddr_un *)&out->at;
    if (path.n == 0 || path.n >= sizeof un->sun_path) return ERR_SYNTAX;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path.p, path.n);
    out->bytes = sizeof *un;
    return ERR_OK;
}

static enum err look(span host, uint16_t port, int flags, struct address *out)
{
    char digits[8];
    struct addrinfo hint = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags}, *found = NULL;
    *out = (struct address){0};
    if (host.n == 0 || host.n >= sizeof out->name || memchr(host.p, 0, host.n)) return ERR_SYNTAX;
    memcpy(out->name, host.p, host.n);
    snprintf(digits, sizeof digits, "%u", port);
    if (getaddrinfo(out->name, digits, &hint, &found) != 0) return ERR_IO;
    memcpy(&out->at, found->ai_addr, found->ai_addrlen);
    out->bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return ERR_OK;
}

enum err address_resolve(span host, uint16_t port, struct address *out)
{
    return look(host, port, 0, out);
}

/* getaddrinfo reads more than people write ("1" is 0.0.0.1); what a server answers must be an address in full. */
bool address_digits(span ip, uint16_t port, struct address *out)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t bytes[sizeof(struct in6_addr)];
    if (ip.n == 0 || ip.n >= sizeof text || port == 0 || memchr(ip.p, 0, ip.n)) return false;
    memcpy(text, ip.p, ip.n);
    text[ip.n] = 0;
    if (inet_pton(AF_INET, text, bytes) != 1 && inet_pton(AF_INET6, text, bytes) != 1) return false;
    return look(ip, port, AI_NUMERICHOST, out) == ERR_OK;
}

void address_set_port(struct address *a, uint16_t port)
{
    if (a->at.ss_family == AF_INET) ((struct sockaddr_in *)&a->at)->sin_port = htons(port);
    if (a->at.ss_family == AF_INET6) ((struct sockaddr_in6 *)&a->at)->sin6_port = htons(port);
}

bool address_same(const struct address *a, const struct address *b)
{
    return a->bytes == b->bytes && memcmp(&a->at, &b->at, a->bytes) == 0;
}

void address_text(const struct address *a, char out[ADDRESS_TEXT_MAX])
{
    char ip[INET6_ADDRSTRLEN] = "?";
    const struct sockaddr_in *four = (const struct sockaddr_in *)&a->at;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->at;
    snprintf(out, ADDRESS_TEXT_MAX, "unix");
    if (a->at.ss_family == AF_INET)
        snprintf(out, ADDRESS_TEXT_MAX, "%s:%u", inet_ntop(AF_INET, &four->sin_addr, ip, sizeof ip),
                 ntohs(four->sin_port));
    if (a->at.ss_family == AF_INET6)
        snprintf(out, ADDRESS_TEXT_MAX, "[%s]:%u", inet_ntop(AF_INET6, &six->sin6_addr, ip, sizeof ip),
                 ntohs(six->sin6_port));
}
