/* SPDX-License-Identifier: Apache-2.0 */
/* tls: OpenSSL over a transport of our own: its own one writes with write(2), which raises SIGPIPE. See tls.h. */
#include "proto/store/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct tls_trust {
    SSL_CTX *ctx;
    BIO_METHOD *transport;
};

struct tls {
    SSL *ssl;
    char why[TLS_WHY_MAX];
};

/* --- the transport ------------------------------------------------------------------------------------------------ */

static int fd_of(BIO *b)
{
    return (int)(intptr_t)BIO_get_data(b);
}

static int transport_write(BIO *b, const char *p, int n)
{
    ssize_t got;
    BIO_clear_retry_flags(b);
    do got = send(fd_of(b), p, (size_t)n, MSG_NOSIGNAL);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) BIO_set_retry_write(b);
    return (int)got;
}

static int transport_read(BIO *b, char *p, int n)
{
    ssize_t got;
    BIO_clear_retry_flags(b);
    do got = recv(fd_of(b), p, (size_t)n, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) BIO_set_retry_read(b);
    return (int)got;
}

static long transport_ctrl(BIO *b, int command, long number, void *pointer)
{
    (void)b, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH; /* nothing is held back */
}

static BIO_METHOD *transport_open(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "furui");
    if (!m) return NULL;
    if (BIO_meth_set_write(m, transport_write) && BIO_meth_set_read(m, transport_read) &&
        BIO_meth_set_ctrl(m, transport_ctrl))
        return m;
    BIO_meth_free(m);
    return NULL;
}

/* --- whom we believe ---------------------------------------------------------------------------------------------- */

static void say_why(char *out, const char *what, const char *else_why)
{
    unsigned long e = ERR_peek_last_error();
    const char *reason = e ? ERR_reason_error_string(e) : NULL;
    snprintf(out, TLS_WHY_MAX, "%s: %s", what, reason ? reason : else_why);
    ERR_clear_error();
}

/* A key that wants a passphrase cannot be read: nobody sits at a terminal. */
static int no_passphrase(char *out, int n, int writing, void *ctx)
{
    (void)out, (void)n, (void)writing, (void)ctx;
    return -1;
}

static bool believe(SSL_CTX *ctx, const char *ca)
{
    struct stat st;
    if (!ca) return SSL_CTX_set_default_verify_paths(ctx) == 1;
    bool folder = stat(ca, &st) == 0 && S_ISDIR(st.st_mode);
    return SSL_CTX_load_verify_locations(ctx, folder ? NULL : ca, folder ? ca : NULL) == 1;
}

enum err tls_trust_open(const char *ca, const char *cert, const char *key, char *why_out, struct tls_trust **out)
{
    struct tls_trust *t = calloc(1, sizeof *t);
    if (!t) return ERR_MEMORY;
    t->ctx = SSL_CTX_new(TLS_client_method());
    t->transport = transport_open();
    const char *bad = NULL;
    if (!t->ctx || !t->transport) {
        tls_trust_close(t);
        return ERR_MEMORY;
    }
    SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION);
    SSL_CTX_set_default_passwd_cb(t->ctx, no_passphrase);
    SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(t->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    ERR_clear_error();
    if (!believe(t->ctx, ca))
        bad = ca ? "tls_ca" : "the system's certificates";
    else if (cert && SSL_CTX_use_certificate_chain_file(t->ctx, cert) != 1)
        bad = "tls_cert";
    else if (key && SSL_CTX_use_PrivateKey_file(t->ctx, key, SSL_FILETYPE_PEM) != 1)
        bad = "tls_key";
    if (bad) {
        say_why(why_out, bad, "cannot be read");
        tls_trust_close(t);
        return ERR_IO;
    }
    *out = t;
    return ERR_OK;
}

void tls_trust_close(struct tls_trust *t)
{
    if (!t) return;
    SSL_CTX_free(t->ctx);
    BIO_meth_free(t->transport);
    free(t);
}

/* --- one connection ----------------------------------------------------------------------------------------------- */

static bool expect_name(SSL *ssl, const char *name)
{
    uint8_t bytes[sizeof(struct in6_addr)];
    X509_VERIFY_PARAM *p = SSL_get0_param(ssl);
    if (inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(p, name) == 1;
    X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(p, name, 0) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

struct tls *tls_open(struct tls_trust *trust, int fd, const char *name)
{
    struct tls *t = calloc(1, sizeof *t);
    BIO *b = BIO_new(trust->transport);
    if (t) t->ssl = SSL_new(trust->ctx);
    if (!t || !b || !t->ssl || !*name || !expect_name(t->ssl, name)) {
        BIO_free(b);
        tls_close(t);
        return NULL;
    }
    BIO_set_data(b, (void *)(intptr_t)fd);
    BIO_set_init(b, 1);
    SSL_set_bio(t->ssl, b, b); /* its owner now */
    SSL_set_connect_state(t->ssl);
    return t;
}

void tls_close(struct tls *t)
{
    if (!t) return;
    SSL_free(t->ssl);
    free(t);
}

/* What `got` means: EAGAIN, the end, or a failure whose reason is kept. */
static ssize_t settle(struct tls *t, int got)
{
    int e = SSL_get_error(t->ssl, got);
    if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    if (e == SSL_ERROR_ZERO_RETURN) return 0;
    long verified = SSL_get_verify_result(t->ssl);
    if (verified != X509_V_OK)
        snprintf(t->why, sizeof t->why, "TLS: certificate: %s", X509_verify_cert_error_string(verified));
    else
        say_why(t->why, "TLS", "connection lost");
    errno = EPROTO;
    return -1;
}

int tls_shake(struct tls *t)
{
    ERR_clear_error();
    int got = SSL_do_handshake(t->ssl);
    if (got == 1) return 1;
    return settle(t, got) < 0 && errno == EAGAIN ? 0 : -1;
}

ssize_t tls_send(struct tls *t, const void *p, size_t n)
{
    ERR_clear_error();
    int got = SSL_write(t->ssl, p, n > INT32_MAX ? INT32_MAX : (int)n);
    return got > 0 ? got : settle(t, got);
}

ssize_t tls_recv(struct tls *t, void *p, size_t n)
{
    ERR_clear_error();
    int got = SSL_read(t->ssl, p, n > INT32_MAX ? INT32_MAX : (int)n);
    return got > 0 ? got : settle(t, got);
}

const char *tls_why(const struct tls *t)
{
    return t->why;
}
