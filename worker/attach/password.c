/* SPDX-License-Identifier: Apache-2.0 */
/* password: words in which mail speaks of a password.
 *
 * An encrypted archive with its password in the mail, or in the next one, is a habit of Japanese companies ("PPAP") and
 * of those who send malware past scanners (Emotet). Stems where a language bends its words. */
#include "worker/attach/password.h"

#include "worker/attach/view.h"

/* Short Latin words count alone only, not inside others. */
static const struct {
    span word;
    bool alone;
} WORDS[] = {
    {SPAN("password"), false}, /* English, Italian, and everybody */
    {SPAN("passcode"), false},
    {SPAN("passphrase"), false},
    {SPAN("pass code"), false},
    {SPAN("pw"), true}, /* Japanese and German mail: "PW: 1234" */
    {SPAN("pwd"), true},
    {SPAN("pass"), true},
    {SPAN("パスワ"), false}, /* Japanese: パスワード, and Emotet's misspellings of it */
    {SPAN("解凍"), false},   /* unpacking, which is what the sentence about the password begins with */
    {SPAN("暗証"), false},
    {SPAN("別メール"), false},   /* "by a separate mail" */
    {SPAN("別途お送り"), false}, /* "sent separately" */
    {SPAN("別途送"), false},
    {SPAN("別途ご連絡"), false},
    {SPAN("密码"), false}, /* Chinese, both scripts */
    {SPAN("密碼"), false},
    {SPAN("口令"), false},
    {SPAN("解压"), false},
    {SPAN("解壓"), false},
    {SPAN("비밀번호"), false}, /* Korean */
    {SPAN("암호"), false},
    {SPAN("패스워드"), false},
    {SPAN("passwort"), false}, /* German */
    {SPAN("kennwort"), false},
    {SPAN("mot de passe"), false}, /* French */
    {SPAN("mdp"), true},
    {SPAN("contraseñ"), false}, /* Spanish */
    {SPAN("contrasen"), false},
    {SPAN("clave"), true},
    {SPAN("senha"), true}, /* Portuguese */
    {SPAN("palavra-passe"), false},
    {SPAN("parola d'ordine"), false}, /* Italian */
    {SPAN("hasło"), false},           /* Polish: hasło, hasła, hasłem */
    {SPAN("hasła"), false},
    {SPAN("hasłem"), false},
    {SPAN("парол"), false},      /* Russian, Ukrainian, Bulgarian */
    {SPAN("wachtwoord"), false}, /* Dutch */
    {SPAN("heslo"), true},       /* Czech, Slovak */
    {SPAN("şifre"), false},      /* Turkish */
};

static bool letter(span text, size_t at)
{
    return at < text.n && (ascii_alnum(text.p[at]) || text.p[at] == '_');
}

bool password_spoken(span text)
{
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        span word = WORDS[i].word;
        for (size_t at = span_search(text, word); at < text.n; at += 1 + span_search(span_from(text, at + 1), word))
            if (!WORDS[i].alone || (!(at && letter(text, at - 1)) && !letter(text, at + word.n))) return true;
    }
    return false;
}
