/* SPDX-License-Identifier: Apache-2.0 */
/* test_html: what a reader sees of a document, what is kept from him, and where its links lead.
 *
 * Expected values are what browsers show; line ends in them stand for blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "proto/base/hash.h"
#include "proto/base/utf8.h"
#include "worker/text/css.h"
#include "worker/text/html.h"
#include "worker/text/odd.h"
#include "worker/text/tag.h"

enum {
    HID = 1,   /* HIDDEN_TEXT */
    SPLIT = 2, /* SPLIT_WORD */
    MIS = 4,   /* URL_MISMATCH */
    SCRIPT = 8,
    FORM = 16,
    IP = 32,
    USER = 64,
    OBS = 128,
    BACK = 256, /* BIDI */
};

static const struct {
    const char *html, *visible, *hidden, *urls; /* urls: hosts and paths, parted by a space */
    unsigned odd;
} CASES[] = {
    /* text and blocks */
    {"", "", "", "", 0},
    {"plain  text\n here", "plain text here", "", "", 0},
    {"<p>one<p>two</p>three", "one\ntwo\nthree", "", "", 0},
    {"a<br>b<BR/>c</br>d", "a\nb\nc\nd", "", "", 0},
    {"<h1>T</h1><ul><li>a<li>b</ul>", "T\na\nb", "", "", 0},
    {"<table><tr><td>a</td><td>b</td></tr><tr><th>c<th>d</table>e", "a b\nc d\ne", "", "", 0},
    {"wo<b>r</b>d <i>w</i>ord", "word word", "", "", 0},
    {"<div>a<div>b</div>c</div>d", "a\nb\nc\nd", "", "", 0},
    {"<span style=display:block>a</span>b", "a\nb", "", "", 0},
    {"<div style='display:inline'>a</div><div style=\"display: inline-block\">b</div>", "ab", "", "", 0},
    {"<pre>a\n  b</pre>", "a b", "", "", 0},
    {"<select><option>a<option>b</select>", "a\nb", "", "", 0},
    {"<textarea>a&lt;<b></textarea>c", "a<<b>c", "", "", 0},
    {"a<wbr>b<hr>c", "ab\nc", "", "", 0},
    {"<noscript>a</noscript><object>b</object>", "ab", "", "", 0},
    /* tokens */
    {"a < b <> c <3 </ d", "a < b <> c <3", "", "", 0},
    {"a<", "a<", "", "", 0},
    {"a</", "a</", "", "", 0},
    {"a<b", "a", "", "", 0},
    {"a<b c='d>e", "a", "", "", 0},
    {"<p title='a>b'>c</p>", "c", "", "", 0},
    {"<p title=\"a'>b\">c", "c", "", "", 0},
    {"<p/a=b/c>d", "d", "", "", 0},
    {"a </>b</ x>c<?php x?>d", "a bcd", "", "", SPLIT},
    {"a <!doctype html> b<!x> c", "a b c", "", "", 0},
    {"a <!-- > b --> c", "a c", "", "", 0},
    {"a <!--> b <!---> c", "a b c", "", "", 0},
    {"a <!-- x --!> b", "a b", "", "", 0},
    {"a <!-- x -- > b", "a", "", "", 0},
    {"a <!--[if mso]> b <![endif]--> c", "a c", "", "", 0},
    {"a <![if !mso]> b <![endif]> c", "a b c", "", "", 0},
    {"a <!--[if !mso]><!--> b <!--<![endif]--> c", "a b c", "", "", 0},
    {"a <![CDATA[ b ]]> c", "a c", "", "", 0},
    {"<xmp>a<b>&amp;</xmp>c<plaintext>d</plaintext>e", "a<b>&amp;\nc\nd</plaintext>e", "", "", 0},
    {"a<script>b<c></script >d", "ad", "", "", SCRIPT},
    {"a<script>b</scripts></script", "a", "", "", SCRIPT},
    {"a<style>b</style>c<iframe>d</iframe>e<noembed>f</noembed>", "ace", "", "", 0},
    {"<title>a &amp; <b></title>c", "c", "a & <b>", "", 0},
    /* references */
    {"&lt;&gt;&amp;&quot;&eacute;&copy;&euro;", "<>&\"\xC3\xA9\xC2\xA9\xE2\x82\xAC", "", "", 0},
    {"&#65;&#x42;&#X43;&#67", "ABCC", "", "", 0},
    {"&#128;&#x92;&#150;", "\xE2\x82\xAC\xE2\x80\x99\xE2\x80\x93", "", "", 0},
    {"&#0;&#xD800;&#x110000;&#99999999999;", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "", "", 0},
    {"a&nbsp;&#160;&#x3000;&emsp;b", "a b", "", "", 0},
    {"&ampx &notit; &notin; &nosuch; &; & &# &#x; &#;", "&x \xC2\xACit; \xE2\x88\x89 &nosuch; &; & &# &#x; &#;", "", "",
     0},
    {"&EACUTE; &AMP; &colon;&sol;", "&EACUTE; & :/", "", "", 0},
    {"&CounterClockwiseContourIntegral;&CounterClockwiseContourIntegralx;",
     "\xE2\x88\xB3&CounterClockwiseContourIntegralx;", "", "", 0},
    /* hidden by style */
    {"a<span style=\"display:none\">b</span> c", "a c", "b", "", HID},
    {"a <span style='DISPLAY : NONE !important;'>b</span>c", "a c", "b", "", HID},
    {"a<div style='display:none'>b<br>c<div>d</div></div>e", "ae", "b\nc\nd", "", HID},
    {"<span style='visibility:hidden'>a<b style='visibility:visible'>b</b></span>", "b", "a", "", HID},
    {"<p style=font-size:0>a</p><p style='font-size:1px'>b</p><p style='font-size:.1pt'>c</p><p style=font-size:4px>d",
     "d", "a\nb\nc", "", HID},
    {"<p style='font-size:50%'>a<span style='font-size:0.1em'>b</span></p>", "a", "b", "", HID},
    {"<p style='font:0/0 a'>a</p><p style='font: bold 12px/1 arial'>b</p>", "b", "a", "", HID},
    {"<font size=0>a</font><font size=-9>b</font>", "ab", "", "", 0}, /* browsers show both at 10px */
    {"a <font color=white>b</font> c", "a c", "b", "", HID},
    {"a <font color=#FEFEFE>b</font> <font color=fffffe>c</font> <font color='#fff'>d</font>", "a", "b c d", "", HID},
    {"<body bgcolor=navy text=#000088>a<font color=white>b</font>", "b", "a", "", HID},
    {"<body style='background:#000;color:#fff'>a<font color=black>b</font></body>", "a", "b", "", HID},
    {"<table bgcolor=black><tr><td>a<td bgcolor=white>b<td><font color=white>c", "b c", "a", "", HID},
    {"<table><td background=x.gif><font color=white>a</font></td></table><td bgcolor=black><font "
     "color=white>b</font></td>",
     "a", "b", "", HID},
    {"<p style='background:linear-gradient(90deg, #000, #111) no-repeat;color:#fff'>a<p style='background-image:"
     "linear-gradient(red,blue);color:white'>b<p style='background-image:none;color:white'>c",
     "a\nb", "c", "", HID},
    {"<p style='color:rgb(250,255,255)'>a<p style='color:rgba(0,0,0,0)'>b<p style='color:rgb(100%,100%,99%)'>c", "",
     "a\nb\nc", "", HID},
    {"<p style='color:hsl(0,0%,0%);color:transparent'>a", "", "a", "", HID},
    {"<p style='background-color:yellow;color:yellow'>a", "", "a", "", HID},
    {"<p style='opacity:0'>a<p style='opacity:0.9'>b<p style='opacity:.0'>c", "b", "a\nc", "", HID},
    {"<div style='max-height:0;overflow:hidden'>a</div><div style='height:0'>b</div>", "b", "a", "", HID},
    {"<div style='width:0px;overflow:hidden'>a</div><div style='height:1em;overflow:hidden'>b</div>", "b", "a", "",
     HID},
    {"<p style='text-indent:-9999px'>a<p style='text-indent:-20px'>b", "b", "a", "", HID},
    {"<p style='position:absolute;left:-5000px'>a<p style='position:absolute;left:10px'>b", "b", "a", "", HID},
    {"<p style='left:-5000px'>a<p style='position:relative;top:-999px'>b<p style='margin-top:-999px'>c", "a", "b\nc",
     "", HID},
    {"<p style='transform:translateX(-999px)'>a<p style='transform: scale(0)'>b<p style='transform:scale(.5)'>c", "c",
     "a\nb", "", HID},
    {"<p style='position:absolute;clip:rect(0,0,0,0)'>a<p style='clip-path:inset(50%)'>b", "", "a\nb", "", HID},
    {"<p hidden>a</p><p>b", "b", "a", "", HID},
    {"<span style='mso-hide:all'>a</span>", "a", "", "", 0}, /* hidden from Outlook alone */
    {"<div style='display:none'>&nbsp;&zwnj;&#847; </div>a", "a", "\xE2\x80\x8C\xCD\x8F", "", 0},
    {"<font color=white>a<table><tr><td>b</td></tr></table></font>c", "c", "a\nb", "", HID},
    {"<table bgcolor=black>a<font color=black>b</font><tr><td>c</table>", "ab", "c", "",
     HID}, /* a and b stand before it */
    {"<table bgcolor=black><tr><td><img alt=a><input value=b>", "a b", "", "", 0},
    {"<table><div hidden>a<tr><td>b<td>c</table>d", "b c\nd", "a", "", HID}, /* cells are not in what is not in cells */
    {"<b hidden><img alt=a></b>", "", "a", "", HID},
    /* hidden in ways of their own: what a style means depends on what it stands on */
    {"<span style='height:0;overflow:hidden'>a</span><i style='text-indent:-9999px'>b</i>", "ab", "", "", 0},
    {"<span style='display:inline-block;height:0;overflow:hidden'>a</span><b "
     "style='float:left;width:0;overflow:hidden'>b",
     "", "ab", "", HID},
    {"<table><tr><td style='height:0;overflow:hidden'>a<td style='display:block;height:0;overflow:hidden'>b", "a", "b",
     "", HID},
    {"<div style='max-height:0;height:auto;overflow:hidden'>a</div><div style='line-height:0;overflow:hidden'>b</div>"
     "<div style='line-height:0;height:20px;overflow:hidden'>c</div>",
     "c", "a\nb", "", HID},
    {"<p style='text-indent:-9999px;transform:none'>a<p style='opacity:0;opacity:x'>b<p "
     "style='overflow:scroll;height:0'>c",
     "", "a\nb\nc", "", HID},
    {"<div style='opacity:.3'>a<div style='opacity:.2'>b<div style='opacity:.2'>c</div></div></div>", "a\nb", "c", "",
     HID},
    {"<p style='color:hsl(0,0%,100%)'>a<p style='color:hsla(240deg 100% 50% / 0)'>b<p "
     "style='color:hsl(120,100%,25%)'>c",
     "c", "a\nb", "", HID},
    {"<p style='background:hsl(240,100%,50%);color:blue'>a<p style='background:rgb(0 128 0);color:hsl(120,100%,25%)'>b",
     "", "a\nb", "", HID},
    {"<p style='position:absolute;clip:rect(0,99px,99px,0)'>a<p style='clip:rect(0,0,0,0)'>b<p style='position:fixed;"
     "clip:rect(1px 1px 1px 1px)'>c",
     "a\nb", "c", "", HID},
    {"<p style='clip-path:inset(0 100% 0 0)'>a<p style='clip-path:circle(0px at 50% 50%)'>b<p "
     "style='clip-path:polygon(0 0,"
     "0 0)'>c<p style='clip-path:circle(50%)'>d<p style='clip-path:inset(10%)'>e",
     "d\ne", "a\nb\nc", "", HID},
    {"<p style='transform:rotate(0) scale(1,0)'>a<p style='transform:translate(-100%,0)'>b<p "
     "style='transform:scaleX(.9)'>c"
     "<p style='transform:translate(-50%,-50%)'>d",
     "c\nd", "a\nb", "", HID},
    {"<p style='margin:0 0 0 -9999px'>a<p style='position:absolute;bottom:-9999px'>b<p style='position:absolute;"
     "left:-999em'>c<p style='margin:-20px auto'>d",
     "d", "a\nb\nc", "", HID},
    {"<p style='-webkit-text-fill-color:transparent'>a<p style='filter:opacity(0)'>b<p "
     "style='content-visibility:hidden'>c",
     "", "a\nb\nc", "", HID},
    {"<p style='font-size:calc(0px)'>a<p style='font-size:/**/0'>b<p style='display:no\\6e e'>c<p style='dis\\70 "
     "lay:none'>d"
     "<p style='/* x; */display:none'>e<p style='a:\"x;\";display:none'>f<p style='a:(;);display:none'>g",
     "", "a\nb\nc\nd\ne\nf\ng", "", HID},
    {"<p style='display:none!important;display:block'>a<p style='display:none ! IMPORTANT;display:block!important'>b",
     "b", "a", "", HID},
    {"<p aria-hidden=true>a</p><details>b<summary>c</summary>d</details><details open>e</details><dialog>f</dialog>",
     "a\nc\ne", "b\nd\nf", "", HID},
    {"<p style='display:none;display:foo'>a<p style='visibility:hidden'>b<span style='visibility:inherit'>c</span>", "",
     "a\nbc", "", HID},
    {"<div style='background:#111'><table><tr><td><p style='color:#020202'>a<p style='color:#ddd'>b</table></div>", "b",
     "a", "", HID},
    {"<table><tr bgcolor=#000000><td><font color=#0a0a0a>a</font><td bgcolor=#ffffff><font "
     "color=#0a0a0a>b</font></table>",
     "b", "a", "", HID},
    {"<div "
     "style='display:none;font-size:1px;color:#fff;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;"
     "mso-hide:all'>preheader</div>a",
     "a", "preheader", "", HID},
    {"<template>a<p>b</template>c<noscript><p>d</noscript>", "c\nd", "a\nb", "", HID},
    /* drawings and formulas */
    {"<svg width=1><title>a</title><path d=x />b<text>c</text><desc>d</desc><style>e</style></svg>f", "cf", "ab de", "",
     HID | SPLIT},
    {"<svg/>a<svg><style><p>b</p></style>c", "a\nb\nc", "", "", 0},
    {"<svg><title><b>a</b></title><foreignObject><p>b</p></foreignObject></svg>c", "b\nc", "a", "", HID},
    {"<svg><text><![CDATA[a<b>]]></text></svg><math><mi>x</mi><mo>=</mo><![CDATA[y]]></math>", "a<b>x=y", "", "", 0},
    {"<svg><div>a</div>b<svg><td>c<br>d", "a\nb\nd", "c", "", HID},
    {"<svg><script>a</script><text>b</text></svg>", "b", "a", "", HID | SCRIPT},
    {"<svg><a xlink:href=http://example.com/><text>a</text></a></svg>", "a", "", "example.com/", 0},
    /* as far on the side to which nobody scrolls, on edge, by newer properties */
    {"<p style='position:absolute;left:9999px'>a<p style='position:absolute;left:2000px'>b<p "
     "style='position:absolute;left:-100vw'>c<p style='position:fixed;inset:-9999px auto auto 0'>d<p "
     "style='transform:rotateX(90deg)'>e<p style='translate:-9999px 0'>f",
     "b", "a\nc\nd\ne\nf", "", HID},
    {"<p style='color:hwb(0 100% 0%)'>a<p style='color:oklch(1 0 0)'>b<p style='color:oklab(99% 0 0)'>c<p "
     "style='color:lab(100 0 0)'>d<p style='color:lch(50% 0 0)'>e<p style='color:hwb(0 0% 100%)'>f<p "
     "style='color:lab(0 0 "
     "0/0)'>g",
     "e\nf", "a\nb\nc\nd\ng", "", HID},
    /* what cannot be told is seen */
    {"<div style=color:#fff><p style='background:oklch(0% 0 0)'>a<p style='background:var(--b)'>b<p "
     "style='background-color:color-mix(in srgb,#000,#000)'>c<p style='background:conic-gradient(#000,#000)'>d<p "
     "style='color:var(--c)'>e<p style='color:initial'>f<p style='-webkit-text-fill-color:#000'>g<p><mark>h</mark><p>i",
     "a\nb\nc\nd\ne\nf\ng\nh", "i", "", HID},
    {"<div style=font-size:0><p style='font-size:clamp(1px,2vw,9px)'>a<p style=font-size:initial>b<p "
     "style=font-size:foo>c",
     "a\nb", "c", "", HID},
    {"<div style='height:0;min-height:50px;overflow:hidden'>a</div><div "
     "style='max-width:0;min-width:50px;overflow:hidden'>"
     "b</div><div style='height:0;min-height:0;overflow:hidden'>c</div>",
     "a\nb", "c", "", HID},
    /* letters that do not fit stand in the padding */
    {"<div style='height:0;padding-bottom:56%;overflow:hidden'>a</div><div style='width:0;padding:0 "
     "99px;overflow:hidden'>"
     "b</div><div style='height:0;padding:0;overflow:hidden'>c</div><div style='height:0;padding:50px 0 "
     "0;overflow:hidden'>d",
     "a\nb", "c\nd", "", HID},
    {"<p style='zoom:.01'>a<p style='zoom:0'>b<p style='zoom:120%'>c<p style='zoom:1%'>d", "b\nc", "a\nd", "", HID},
    {"<div style='letter-spacing:-30px'>a<b style='letter-spacing:normal'>b</b></div><p "
     "style='letter-spacing:-1em'>c<p "
     "style='letter-spacing:-.5px'>d",
     "b\nd", "a\nc", "", HID},
    {"<p style='text-indent:9999px'>a<p style='text-indent:1e4px'>b<p style='text-indent:99px'>c<p "
     "style='font-size:1e-9px'>d",
     "c", "a\nb\nd", "", HID},
    {"<p style='-webkit-mask-image:linear-gradient(transparent,transparent)'>a<p "
     "style='mask:linear-gradient(#000,transparent)'>b<p style='mask:none'>c",
     "b\nc", "a", "", HID},
    {"<p style='filter:blur(0) opacity(1%)'>a<p style='filter:blur(20px)'>b<p style='filter:grayscale(1) blur(1px)'>c",
     "c", "a\nb", "", HID},
    /* letters of no colour that their shadow, outline or background shows */
    {"<p style='color:transparent;text-shadow:0 0 1px #333'>a<p style='color:#fff;text-shadow:1px 1px rgb(0,0,0)'>b<p "
     "style='color:#fff;text-shadow:0 0 1px'>c<p style='color:#fff;text-shadow:0 9999px #000'>d<p "
     "style='color:#fff;text-shadow:0 0 2px #fff'>e<p style='color:transparent;-webkit-text-stroke:1px #000'>f",
     "a\nb\nf", "c\nd\ne", "", HID},
    {"<p style='background:linear-gradient(red,blue);-webkit-background-clip:text;color:transparent'>a<p "
     "style='background:#000;background-clip:text;color:transparent'>b<p "
     "style='background:#fff;background-clip:text;color:transparent'>c<p "
     "style='background:#000;background-clip:text;color:#fff'>d",
     "a\nb\nd", "c", "", HID},
    {"<div style='background:#000'><p style='color:#fff;background:rgba(255,255,255,.1)'>a<p "
     "style='background:#ffffff20;color:white'>b<p style='background:rgba(255,255,255,1);color:white'>c",
     "a\nb", "c", "", HID},
    /* written backwards and shown as it should be read */
    {"a <bdo dir=rtl>ar<b>ga</b>iV yub</bdo> b", "a buy Viagra b", "", "", BACK},
    {"<p style='unicode-bidi:bidi-override;direction:rtl'>ab<br>dc &eacute;</p>e", "ba\n\xC3\xA9 cd\ne", "", "", BACK},
    {"<style>.r{unicode-bidi:isolate-override}</style><div dir=rtl><span class=r>\xE5\x88\xB8\xE8\xA8\xBC a</span>",
     "a \xE8\xA8\xBC\xE5\x88\xB8", "", "", BACK},
    {"<bdo dir=ltr>ab</bdo><div dir=rtl>cd<bdo style='direction:ltr'>ef</bdo></div><bdo dir=rtl>.,-</bdo>",
     "ab\ncdef\n.,-", "", "", 0},
    {"<bdo dir=rtl>\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D</bdo>", "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D", "", "", 0},
    {"<bdo dir=rtl>ba<bdo dir=rtl>dc</bdo>fe", "efcdab", "", "", BACK},
    {"<bdo dir=rtl>moc.elpmaxe//:ptth", "http://example.com", "", "example.com", BACK},
    /* hidden by rule */
    {"<style media=print>.x{display:none}</style><style media=screen>.y{display:none}</style><p class=x>a<p class=y>b",
     "a", "b", "", HID},
    {"<style>@media tv and (min-width:1px){.x{display:none}}@media screen and "
     "(min-width:99em){.x{display:none}}</style><p "
     "class=x>a",
     "a", "", "", 0},
    {"<style>.x{display:none}</style><p class='y x'>a</p>b", "b", "a", "", HID},
    {"<style><!-- /* c */ p.x , #q{font-size:0} --></style><p class=x>a</p><b class=x>b</b><i id=q>c</i>", "b", "a\nc",
     "", HID},
    {"<style>@media print{.x{display:none}}.y{color:#fff}</style><b class=x>a</b><b class=y>b</b>", "a", "b", "", HID},
    {"<style>@import url(http://example.com/s.css);.x{display:none}</style><b class=x>a</b>", "", "a",
     "example.com/s.css", HID},
    {"<style>.x{display:none}</style><b class=x style=display:inline>a</b>", "a", "", "", 0},
    {"<style>.x .y{display:none}</style><b class=y>a</b><i class=x><b class=y>b</b></i>", "a", "b", "", HID},
    {"<style>div > b.y.z, a:hover b{display:none}</style><div><b class=y>a</b><b class='z y'>b</b><a href=#>"
     "<b>c</b></a></div>",
     "ac", "b", "", HID | SPLIT},
    {"<style>body .x, html>.y{display:none}</style><b class=x>a</b><b class=y>b</b>", "", "ab", "", HID},
    {"<style>.x + .y, b[href], .y:last-child, .z *{display:none}</style><b class=y id=z>a</b>", "a", "", "", 0},
    {"<style>.h td{background:#000}</style><table class=h><tr><td><font color=white>a</font></table>", "a", "", "", 0},
    {"<style>@media screen{.x{display:none}}.y{color:#fff}</style><b class=x>a</b><b class=y>b</b>", "", "ab", "", HID},
    {"<style>@media only screen and (max-width:480px){.x{display:none}}</style><b class=x>a</b>", "a", "", "", 0},
    {"<style>@media (min-width:800px){.x{display:none}}@media (min-width:801px){.y{display:none}}</style><b "
     "class=x>a</b>"
     "<b class=y>b</b>",
     "b", "a", "", HID},
    {"<style>@media (max-width:799px){.x{display:none}}@media (max-width:800px){.y{display:none}}</style><b "
     "class=x>a</b>"
     "<b class=y>b</b>",
     "a", "b", "", HID},
    {"<style>@media (min-width: 600px) { .x{display:none} } .y{font-size:0}</style><b class=x>a</b><b class=y>b</b>c",
     "c", "ab", "", HID},
    {"<style>zap{display:none}</style>a<zap>b</zap>c", "ac", "b", "", HID | SPLIT},
    {"<style>/*a*/.x/*b*/{/*c*/display/*d*/:/*e*/none/*f*/}</style><b class=x>a</b>", "", "a", "", HID},
    {"<style>.y{a:'}';display:none}.x{b:url(data:;})}.z{color:#fff}</style><b class=y>a</b><b class=z>b</b>", "", "ab",
     "", HID},
    {"<style>[class=x],b[class~='y'],[id=\"z\"]{display:none}</style><b class=x>a</b><b class='x y'>b</b><b id=z>c</b>",
     "", "abc", "", HID},
    {"<style>:link{color:#fff}b[class=\"x\"].y{display:none}</style><b class='y x'>a</b>b", "b", "a", "", HID},
    {"<style>.x *{display:none}</style><p class=x>a<b>b</b></p>c", "a\nc", "b", "", HID},
    {"<style>.x{display:none}.y{display:inline}</style><b class='y x'>a</b><b class='x y'>b</b>", "ab", "", "", 0},
    {"<style>b.x{display:none}.x{display:inline}</style><b class=x>a</b>", "", "a", "", HID},
    {"<style>p .x{display:none}.x{display:inline}</style><p><b class=x>a</b>", "", "a", "", HID},
    {"<style>.y .x{display:none}.x{display:inline}</style><p class=y><b class=x>a</b>", "", "a", "", HID},
    {"<style>#i{display:none}.x.y{display:inline}</style><b class='x y' id=i>a</b>", "", "a", "", HID},
    {"<style>.x{display:none!important}#i{display:inline}</style><b class=x id=i style=display:inline>a</b>", "", "a",
     "", HID},
    {"<style>.x{display:block!important}</style><b class=x style=display:none>a</b>", "a", "", "", 0},
    {"<style>@supports (display:block){.x{display:none}}@media{.y{display:none}}@layer z{.z{display:none}}</style>"
     "<b class=x>a</b><b class=y>b</b><b class=z>c</b>",
     "", "abc", "", HID},
    /* selectors with more in them */
    {"<style>.x:not(.y){display:none}p:not(.z):not([title]){color:#fff}</style><b class=x>a</b><b class='x y'>b</b><p>c"
     "<p class=z>d<p title=e>f",
     "b\nd\nf", "a\nc", "", HID},
    {"<style>b:not(:hover){display:none}i:not(.a .b){display:none}</style><b>a</b><i>b</i>", "b", "a", "", HID},
    {"<style>:is(.x,#y,i.z){display:none}:where(p b){display:none}b:matches(.u,.v:is(.w)){display:none}</style><b "
     "class=x>a</b><b id=y>b</b><i class=z>c</i><i>d</i><p><b>e</b></p><b class=v>f</b><b class='v w'>g</b>",
     "d\nf", "abc\ne\ng", "", HID},
    {"<style>.x + .y{display:none}.u ~ .v{display:none}</style><b class=x></b><b class=y>a</b><b class=y>b</b><p><b "
     "class=y>c</b></p><p><i class=u></i><i></i><i class=v>d</i></p><p class=v>e",
     "b\nc\ne", "a\nd", "", HID},
    {"<style>.x > .y{display:none}</style><div class=x><b class=y>a</b><p><b class=y>b</b></p></div>", "b", "a", "",
     HID},
    {"<style>p:first-child{display:none}i:nth-child(1){color:#fff}</style><p>a<p>b<div><i>c</i><i>d</i></div>", "b\nd",
     "a\nc", "", HID},
    {"<style>[title]{display:none}b[lang=x]{display:none}[rel~=y]{display:none}</style><b title=''>a</b><b "
     "lang=X>b</b><b "
     "lang=z>c</b><b rel=y>d</b>",
     "cd", "ab", "", HID},
    {"<style>u + .body .x{display:none}[data-ogsc] .x{display:none}.x::after{display:none}.x:hover{display:none}.x "
     "+{display:none}</style><u></u><div class=body><b class=x>a</b></div>",
     "a", "", "", 0},
    /* conditions */
    {"<style>@media not print{.a{display:none}}@media not all and (max-width:1px){.b{display:none}}@media print,screen{"
     ".c{display:none}}@media (prefers-color-scheme:light){.d{display:none}}@media (color) and (orientation:landscape){"
     ".e{display:none}}@media screen and (-webkit-min-device-pixel-ratio:0){.f{display:none}}@media (width>1px){"
     ".g{display:none}}@media (1px<=width<9999px){.h{display:none}}@media (min-resolution:96dpi){.i{display:none}}"
     "</style><b class=a>a</b><b class=b>b</b><b class=c>c</b><b class=d>d</b><b class=e>e</b><b class=f>f</b><b "
     "class=g>g</b><b class=h>h</b><b class=i>i</b>",
     "", "abcdefghi", "", HID},
    {"<style>@media not screen{.a{display:none}}@media (prefers-color-scheme:dark){.b{display:none}}@media (foo:bar){"
     ".c{display:none}}@media screen and (width<500px){.d{display:none}}@media print, (max-width:500px){.e{display:"
     "none}}@media (-ms-high-contrast:none){.f{display:none}}@media (1px<width<500px){.g{display:none}}@supports "
     "(foo:bar){.h{display:none}}@supports not (display:grid){.i{display:none}}@supports (display:block) and "
     "(a:b){.j{display:none}}@media (min-resolution:2dppx),(-webkit-min-device-pixel-ratio:1.5){.k{display:none}}"
     "</style><b class=a>a</b><b class=b>b</b><b class=c>c</b><b class=d>d</b><b class=e>e</b><b class=f>f</b><b "
     "class=g>g</b><b class=h>h</b><b class=i>i</b><b class=j>j</b><b class=k>k</b>",
     "abcdefghijk", "", "", 0},
    {"<style>@supports not (foo:bar){.a{display:none}}@supports (a:b) or (display:block){.b{display:none}}@supports "
     "(-webkit-appearance:none) and (gap:1px){.c{display:none}}</style><b class=a>a</b><b class=b>b</b><b "
     "class=c>c</b>",
     "", "abc", "", HID},
    /* open elements */
    {"<font color=white><p>a</font>b</p>c", "b\nc", "a", "", HID},
    {"<p><font color=white>a<p>b</font>c", "c", "a\nb", "", HID}, /* formatting outlives its block */
    {"<table><td><font color=white>a<td>b", "b", "a", "", HID},
    {"<div hidden>a<table><tr><td>b</div>c</td></tr></table>d</div>e", "e", "a\nbc\nd", "", HID},
    {"<span hidden>a<div>b</span>c</div>d</span>e", "e", "a\nbc\nd", "", HID},
    {"<o:p hidden>a</o:p>b<x hidden>c</y>d</x>", "b", "a cd", "", HID},
    {"</b></p></div></table>a", "a", "", "", 0},
    {"<b hidden>a</b></b></b>b", "b", "a", "", HID},
    /* split words */
    {"V<!-- x -->iagra", "Viagra", "", "", SPLIT},
    {"V<b></b>iagra", "Viagra", "", "", SPLIT},
    {"V<font size=1></font>iagra", "Viagra", "", "", SPLIT},
    {"V<xyzzy>iagra", "Viagra", "", "", SPLIT},
    {"V</xyzzy>iagra", "Viagra", "", "", SPLIT},
    {"V<span style=display:none>x</span>iagra", "Viagra", "x", "", SPLIT | HID},
    {"V<span style=font-size:0>x</span>iagra", "Viagra", "x", "", SPLIT | HID},
    {"\xE8\xA8\xBC<!-- x -->\xE5\x88\xB8", "\xE8\xA8\xBC\xE5\x88\xB8", "", "", SPLIT},
    {"<b>V</b>iagra V<o:p></o:p>i a<!-- x --> b <!-- x -->c $<!-- -->9", "Viagra Vi a b c $9", "", "", 0},
    {"end.<!-- x -->Next<br><!-- x -->line", "end.Next\nline", "", "", 0},
    /* a letter a cell */
    {"<table><tr><td>V<td>i<td>a<td>g<td>r<td>a<tr><td>n<td>o<td>w<td>&nbsp;<td>b<td>u<td>y</table>", "Viagra\nnow buy",
     "", "", 0},
    {"<table><tr><td>c<td>h<td>e<td>a<td>p<td>e<td>s<td>t</table>", "cheapest", "", "", SPLIT},
    {"<table><tr><td>V<br>b<td>i<br>u<td>a<br>y<td>g<td>r<td>a<br>!</table>", "Viagra\nbuy !", "", "", SPLIT},
    {"<table><tr><td>V<tr><td>i<tr><td>a<tr><td>g<tr><td>r<tr><td>a<tr><td>end</table>", "Viagra\nend", "", "", SPLIT},
    {"<table><tr><td>a<tr><td>b<tr><td>c</table>x", "a\nb\nc\nx", "", "", 0},
    {"<table><tr><td>1<td>2<td>3<td>4<td>5</table>", "1 2 3 4 5", "", "", 0},
    {"<table><tr><td>a<td>bc<td>d<td>e<td>f</table>", "a bc d e f", "", "", 0},
    {"<table><tr><td>\xE8\xA8\xBC<td>\xE5\x88\xB8<td>\xE4\xBC\x9A<td>\xE7\xA4\xBE</table>",
     "\xE8\xA8\xBC\xE5\x88\xB8\xE4\xBC\x9A\xE7\xA4\xBE", "", "", 0},
    {"<table><tr><td>\xE8\xA8\xBC<br>\xE4\xBC\x9A<td>b<td>c<td>d</table>", "\xE8\xA8\xBC\n\xE4\xBC\x9A b c d", "", "",
     0},
    /* links */
    {"<a href=\"http://example.com/a?b=1&amp;c=2&copy=3\">x</a>", "x", "", "example.com/a?b=1&c=2&copy=3", 0},
    {"<A HREF=http://example.com/a>x</A>", "x", "", "example.com/a", 0},
    {"<a href='ht&#x74;p&colon;//ex&#97;mple.com/'>x</a>", "x", "", "example.com/", 0},
    {"<a href='mailto:a@example.com'>a@example.com</a><a href=#top>x</a><a href='/y'>y</a>", "a@example.comxy", "", "",
     0},
    {"<a href='javascript:go()'>x</a>", "x", "", "", SCRIPT},
    {"<a href=//user@192.0.2.1/>x</a>", "x", "", "192.0.2.1/", IP | USER},
    {"<img src=http://example.com/i.gif width=1 height=1 alt=x>", "", "", "example.com/i.gif", 0},
    {"a<img src=http://example.com/i.gif alt='b &amp; c'>d", "a b & c d", "", "example.com/i.gif", 0},
    {"<body background=http://example.com/b.gif><form action=http://example.com/f><input type=submit value='Go &gt;'>"
     "<input type=hidden value=x></form>",
     "Go >", "", "example.com/b.gif example.com/f", FORM},
    {"<base href='http://example.com/a/b?c'><a href=d>1</a><a href=/e>2</a><a href='?f'>3</a><img "
     "src=http://example.net/g>",
     "123", "", "example.com/a/d example.com/e example.com/a/b?f example.net/g", 0},
    {"<base href=http://example.com><a href=d>1</a>", "1", "", "example.com/d", 0},
    {"<meta http-equiv=Refresh content='0; URL=http://example.com/m'>", "", "", "example.com/m", 0},
    {"<p style=\"background:url('http://example.com/p.png')\">a", "a", "", "example.com/p.png", 0},
    {"<map><area href=http://example.com/m></map><link href=http://example.com/l><iframe "
     "src=http://example.com/i></iframe>",
     "", "", "example.com/m example.com/l example.com/i", 0},
    {"see http://example.com/a. and www.example.net", "see http://example.com/a. and www.example.net", "",
     "example.com/a www.example.net", 0},
    {"h<b>ttp://example</b>.com/", "http://example.com/", "", "example.com/", 0},
    {"<meta http-equiv=refresh content='5;http://example.com/m?a=b'><meta http-equiv=refresh content=\"0; "
     "url='http://example."
     "com/n' x\">",
     "", "", "example.com/m?a=b example.com/n", 0},
    {"<img src=http://example.com/a srcset='http://example.com/b 1x, http://example.com/c,d 2x,http://example.com/e'>"
     "<source srcset=\"http://example.com/f&amp;g, //example.com/h\">",
     "", "", "example.com/a example.com/b example.com/c,d example.com/e example.com/f&g example.com/h", 0},
    {"<table background=http://example.com/a><video poster=http://example.com/b><object "
     "data=http://example.com/c></object>"
     "<button formaction=http://example.com/d>x</button></table>",
     "x", "", "example.com/a example.com/b example.com/c example.com/d", 0},
    {"<a/href=http://example.com/a>x</a><a href='http://example.com/b'href=http://example.com/c>y</a>", "xy", "",
     "example.com/a example.com/b", 0},
    {"<form action=http://example.com/a><form action=http://example.com/b><input placeholder=p></form>q", "p\nq", "",
     "example.com/a example.com/b", FORM},
    /* comments for Outlook */
    {"a<!--[if gte mso 9]><xml><o:x>96</o:x></xml><![endif]-->b", "ab", "", "", SPLIT},
    {"a <!--[if (mso)|(IE)]><v:rect href='http://example.com/o'><v:fill src=//example.com/f>b &amp; "
     "c</v:rect><p>http://example.com/p<![endif]-->d",
     "a d", "", "example.com/o example.com/f example.com/p", 0},
    {"a <!--[if !mso]><a href=//example.com/>b</a><![endif]--><!--[if supportFields]>c<![endif]-->", "a", "", "", 0},
    {"<!--[if mso]><table><tr><td bgcolor=red hidden><![endif]-->a<!--[if mso]></td></table><![endif]-->b", "ab", "",
     "", SPLIT},
    /* links in links of other schemes */
    {"<a href='intent://example.com/a#Intent;scheme=https;end'>x</a>", "x", "", "example.com/a#Intent;scheme=https;end",
     OBS},
    {"<a href='intent:#Intent;S.browser_fallback_url=https%3A%2F%2Fexample.com/a;end'>www.example.net</a>",
     "www.example.net", "", "example.com/a;end", OBS | MIS},
    {"<a href='ms-word:ofe|u|https://example.com/a.doc'>x</a><a href='ms-excel:ofv%7Cu%7Chttp%3A//example.com/b'>x</a>",
     "xx", "", "example.com/a.doc example.com/b", OBS},
    {"<a href='search-ms:query=a&crumb=location:\\\\example.com\\s'>x</a><a href='\\\\example.com\\t'>y</a>", "xy", "",
     "example.com\\s example.com\\t", OBS},
    {"<a href=file://example.com/s>x</a><a href=file:////192.0.2.1/s>x</a><a href=file:///C:/a>x</a><a "
     "href=file://server/a>x</a>",
     "xxxx", "", "example.com/s 192.0.2.1/s", OBS | IP},
    {"<a href='data:text/html,%3Cscript%3Elocation=%22http://example.com/a%22'>x</a>", "x", "", "example.com/a",
     OBS | SCRIPT},
    {"<a href='da\nta:text/html;base64,PGEgaHJlZj0iaHR0cDovL2V4YW1wbGUuY29tL2IiPg=='>x</a>", "x", "", "example.com/b",
     OBS | SCRIPT},
    {"<img src='data:image/png;base64,aHR0cDovL2V4YW1wbGUuY29tLw=='><a href=data:,http://example.com/>x</a>", "x", "",
     "", 0},
    {"<a href=\"java\tscript:location='http://example.com/a'\">x</a><a href=blob:http://example.com/b>y</a>", "xy", "",
     "example.com/a example.com/b", OBS | SCRIPT},
    {"<a href='whatsapp://send?text=http%3A%2F%2Fexample.com%2Fa'>x</a><a href='webcal://example.com/b'>y</a><a "
     "href='fb://profile/1'>z</a><a href='tel:1'>t</a><a href='mailto:a@example.com?body=http://example.net/'>m</a>",
     "xyztm", "", "example.com/a example.com/b", 0},
    /* a base behind its links */
    {"<a href=a>1</a><img src='/b'><base target=x><base href=http://example.com/c/><base href=http://example.net/><a "
     "href=d>2</a>",
     "12", "", "example.com/c/a example.com/b example.com/c/d", 0},
    /* what is shown and what is followed */
    {"<a href=http://evil.example.net/>www.example.com</a>", "www.example.com", "", "evil.example.net/", MIS},
    {"<a href=http://evil.example.net/>Log in: https://www.example.com/x</a>", "Log in: https://www.example.com/x", "",
     "evil.example.net/", MIS},
    {"<a href=http://evil.example.net/><b>example</b>.com</a>", "example.com", "", "evil.example.net/", MIS},
    {"<a href=http://a.example.com/>www.example.com</a>", "www.example.com", "", "a.example.com/", 0},
    {"<a href=http://192.0.2.1/>http://www.example.com/</a>", "http://www.example.com/", "", "192.0.2.1/", MIS | IP},
    {"<a href=http://example.net/>click here</a><a href=http://example.net/>a.b</a>", "click herea.b", "",
     "example.net/", 0},
    {"<a href=http://example.net/>someone@example.com</a>", "someone@example.com", "", "example.net/", 0},
    {"<a href=http://example.net/>x<a href=http://example.com/>www.example.com</a>", "xwww.example.com", "",
     "example.net/ example.com/", 0},
    {"<a href=http://evil.example.net/>www.example.com", "www.example.com", "", "evil.example.net/", MIS},
};

struct reading {
    struct arena a;
    struct text visible, hidden, other;
    struct url_list urls;
    struct html_shape shape;
    uint64_t odd;
};

static void setup(struct reading *r, size_t bytes)
{
    *r = (struct reading){0};
    assert_int_equal(arena_open(&r->a, bytes), ERR_OK);
    text_init(&r->visible, &r->a, 4096);
    text_init(&r->hidden, &r->a, 4096);
    text_init(&r->other, &r->a, 4096);
    url_list_init(&r->urls, &r->a, 16);
}

static void read_html(struct reading *r, span html)
{
    html_read(html, &r->visible, &r->hidden, &r->other, &r->urls, &r->shape, &r->odd);
}

/* A document handed out in pieces of at most `most` bytes, whole characters. */
struct cutter {
    span rest;
    size_t most;
};

static span next_piece(void *from)
{
    struct cutter *c = from;
    span piece = utf8_cut(c->rest, c->most);
    while (piece.n < c->rest.n && (piece.n == 0 || (c->rest.p[piece.n] & 0xC0) == 0x80)) piece.n++;
    c->rest = span_from(c->rest, piece.n);
    return piece;
}

static void read_pieces(struct reading *r, span html, size_t most)
{
    struct cutter c = {html, most};
    uint8_t *room = malloc(HTML_PIECE_MAX + HTML_UNFINISHED_MAX);
    assert_non_null(room);
    struct html_pieces in = {next_piece, &c, room};
    html_read_pieces(&in, &r->visible, &r->hidden, &r->other, &r->urls, &r->shape, &r->odd);
    free(room);
}

/* Of one case, whole (0) or in pieces of so many bytes. */
static unsigned differs(size_t i, size_t piece)
{
    static const struct {
        unsigned bit;
        uint64_t odd;
    } BITS[] = {{HID, ODD(HIDDEN_TEXT)},    {SPLIT, ODD(SPLIT_WORD)}, {MIS, ODD(URL_MISMATCH)},
                {SCRIPT, ODD(HTML_SCRIPT)}, {FORM, ODD(HTML_FORM)},   {IP, ODD(URL_IP)},
                {USER, ODD(URL_USERINFO)},  {OBS, ODD(URL_OBSCURED)}, {BACK, ODD(BIDI)}};
    unsigned failed = 0;
    struct reading r;
    setup(&r, 1 << 16);
    if (piece)
        read_pieces(&r, span_cstr(CASES[i].html), piece);
    else
        read_html(&r, span_cstr(CASES[i].html));
    char urls[1024] = "";
    for (size_t k = 0, n = 0; k < r.urls.n; k++)
        n += (size_t)snprintf(urls + n, sizeof urls - n, "%s%.*s%.*s", k ? " " : "", SPAN_ARG(r.urls.v[k].host),
                              SPAN_ARG(r.urls.v[k].path));
    unsigned odd = 0;
    for (size_t k = 0; k < sizeof BITS / sizeof *BITS; k++)
        if ((r.odd | r.urls.odd) & BITS[k].odd) odd |= BITS[k].bit;
    span visible = text_span(&r.visible), hidden = text_span(&r.hidden);
    if (!span_eq(visible, span_cstr(CASES[i].visible)) || !span_eq(hidden, span_cstr(CASES[i].hidden)) ||
        strcmp(urls, CASES[i].urls) != 0 || odd != CASES[i].odd)
        failed++, print_error("%s, pieces of %zu\n  visible \"%.*s\"\n  hidden \"%.*s\"\n  urls \"%s\" odd %u\n",
                              CASES[i].html, piece, SPAN_ARG(visible), SPAN_ARG(hidden), urls, odd);
    arena_close(&r.a);
    return failed;
}

static void shows_what_a_reader_sees(void **state)
{
    (void)state;
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) failed += differs(i, 0);
    assert_int_equal(failed, 0);
}

static void shows_the_same_in_pieces(void **state)
{
    (void)state;
    static const size_t PIECES[] = {1, 2, 3, 5, 8, 13, 64};
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        for (size_t k = 0; k < sizeof PIECES / sizeof *PIECES; k++) failed += differs(i, PIECES[k]);
    assert_int_equal(failed, 0);
}

static void knows_each_name(void **state)
{
    (void)state;
    static const char *const TAGS[] = {"",
#define X(id, name, kind, flags) #name,
                                       TAG_LIST(X)
#undef X
    };
    for (int t = TAG_OTHER + 1; t < TAG_COUNT; t++)
        if (tag_by_name(span_cstr(TAGS[t])) != (enum tag)t) fail_msg("tag %s", TAGS[t]);
    static const char *const ATTRS[] = {
#define X(id, name) name,
        ATTR_LIST(X)
#undef X
    };
    for (int t = 0; t < ATTR_COUNT; t++)
        if (attr_by_name(span_cstr(ATTRS[t])) != (enum attr)t) fail_msg("attribute %s", ATTRS[t]);
    assert_int_equal(tag_by_name(SPAN("TaBlE")), TAG_TABLE);
    assert_int_equal(tag_by_name(SPAN("tables")), TAG_OTHER);
    assert_int_equal(tag_by_name(SPAN("averylongelementname")), TAG_OTHER);
    assert_int_equal(attr_by_name(SPAN("sizes")), ATTR_COUNT);
}

/* What an attacker repeats: each alone, to the size of a large mail. Nothing is timed; a quadratic reader would not end
 * before the test's runner loses patience. */
static void reads_storms(void **state)
{
    (void)state;
    static const struct {
        const char *before, *again;
    } STORMS[] = {
        {"", "<"},
        {"", "&"},
        {"", "&#x"},
        {"", "&#0"},
        {"", "&CounterClockwiseContourIntegra"},
        {"", "<!--"},
        {"", "<!-- -"},
        {"", "a<!---->"},
        {"", "<a "},
        {"", "<a href=\""},
        {"", "</"},
        {"", "<div>"},
        {"", "<b>"},
        {"", "<p>"},
        {"", "<table><tr><td>"},
        {"", "<x></y>"},
        {"", "<font color=red><div></font></div>"},
        {"<div><div><div><div><div><div>", "<font color=red><p></div><div>"},
        {"<span><div><i><i><i><i><i><i>", "</span>"},
        {"", "<title>"},
        {"", "<script></scrip>"},
        {"", "<style>.a,.b{color:red}</style>"},
        {"<style>", "@media{"},
        {"<style>", "/*"},
        {"<style>", " "},
        {"<style>", "content:"},
        {"<style>", "content:'a"},
        {"<style>a{content:''}", "  :"},
        {"<style>", ":is("},
        {"<style>", ":is(a,b){color:red}"},
        {"<style>", ":is(:is(a,b),:is(c,d)):is(e,f){color:red}"},
        {"<style>", "a:not(b):not("},
        {"<style>", "[a=b]"},
        {"<style>", "a+"},
        {"<style>", "@media (1px<"},
        {"<style>", "@media not ("},
        {"<style>", "@supports (a:b) or "},
        {"", "<!--[if mso]>"},
        {"", "<!--[if mso]>a<!--[if mso]-->"},
        {"<!--[if mso]>", "<a href=x>"},
        {"<!--[if mso]>", "<xml>"},
        {"", "<bdo dir=rtl>a"},
        {"", "<bdo dir=rtl>a</bdo>"},
        {"", "<a href=data:text/html,a.bc>"},
        {"<a href=data:text/html,", "%"},
        {"", "<a href=x:>"},
        {"", "<a href=x>"},
        {"<a href='x:", "http"},
        {"<div style='", "text-shadow:0 0,"},
        {"<div style='filter:", "a("},
        {"<div style='mask:", "t"},
        {"<style>", ".a{"},
        {"<style>", ".a,"},
        {"<style>.a{color:red}</style>", "<b class='a a a a'>"},
        {"<b style='", "background:url("},
        {"<b style='", "font-size:1px;"},
        {"<b style='font:", "a "},
        {"<a ", "a=b "},
        {"<base href=http://a.example.com/b>", "<img src=c>"},
        {"", "<a href=//a.example.com>example.net</a>"},
        {"<a href='http://", "a@"},
        {"<a href='http://a.example.com/", "http://a.example.com/"},
        {"", "http://a)"},
        {"", "a.b/ "},
        {"http:", "/"},
        {"", "www."},
        {"", "://"},
    };
    enum { BYTES = 1 << 18 };
    char *html = malloc(BYTES);
    assert_non_null(html);
    for (size_t i = 0; i < sizeof STORMS / sizeof *STORMS; i++) {
        struct reading r;
        setup(&r, 1 << 20);
        size_t n = (size_t)snprintf(html, BYTES, "%s", STORMS[i].before), k = strlen(STORMS[i].again);
        for (; n + k <= BYTES; n += k) memcpy(html + n, STORMS[i].again, k);
        read_html(&r, span_of(html, n));
        assert_true(r.visible.n <= r.visible.cap && r.hidden.n <= r.hidden.cap && r.urls.n <= r.urls.cap);
        arena_close(&r.a);
    }
    free(html);
}

/* Deeper than the stack of elements: styles are forgotten there, but what is hidden stays hidden. */
static void reads_beyond_the_depth(void **state)
{
    (void)state;
    struct reading r;
    setup(&r, 1 << 16);
    char html[16 * HTML_DEPTH_MAX + 256];
    size_t n = 0;
    for (int i = 0; i < HTML_DEPTH_MAX + 10; i++) n += (size_t)snprintf(html + n, sizeof html - n, "<div>");
    n += (size_t)snprintf(html + n, sizeof html - n, "a<div><b hidden>b<i>c</i>d</b></div>e");
    for (int i = 0; i < HTML_DEPTH_MAX + 10; i++) n += (size_t)snprintf(html + n, sizeof html - n, "</div>");
    n += (size_t)snprintf(html + n, sizeof html - n, "f<b hidden>g</b>h");
    read_html(&r, span_of(html, n));
    assert_true(span_eq(text_span(&r.visible), SPAN("a\ne\nfh")));
    assert_true(span_eq(text_span(&r.hidden), SPAN("bcd\ng")));
    arena_close(&r.a);
}

/* Values and counts beyond which no more is read, and just below. */
static void reads_up_to_each_limit(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    static const struct {
        const char *head, *fill;
        int count;
        const char *tail;
        const char *urls; /* host of the last link, or none */
        uint64_t odd;
        size_t visible;
    } LIMITS[] = {
        /* HTML_VALUE_MAX: a link is cut, and nothing pushes its host out */
        {"<a href='http://a.example/?a&amp;", "b", HTML_VALUE_MAX, "'>", "a.example", 0, 0},
        {"<a href='http://a&#46;example/?a&amp;", "b", HTML_VALUE_MAX, "'>", "a.example", 0, 0},
        {"<a href='http://a&#10;.exam", "&#10;", HTML_VALUE_MAX, "ple/'>", "a.example", 0, 0},
        {"<a href='", "&#32;", HTML_VALUE_MAX, "http://a.example/'>", "a.example", 0, 0},
        {"<a href='", " ", HTML_VALUE_MAX, "http://a&#46;example/'>", "a.example", 0, 0},
        {"<a href='http://a@", "&#38;", HTML_VALUE_MAX - 30, "@b.example/'>", "b.example", 0, 0},
        {"<img srcset='http://a.example/?a&amp;", "b", HTML_VALUE_MAX, " 2x'>", "a.example", 0, 0},
        {"<b style='a:&#32;b;", "x", HTML_VALUE_MAX - 40, ";display:none'>x</b>", NULL, ODD(HIDDEN_TEXT), 0},
        {"<b style='a:&#32;b;", "x", HTML_VALUE_MAX, ";display:none'>x</b>", NULL, 0, 1},
        /* HTML_ALT_MAX */
        {"<img alt='", "x", HTML_ALT_MAX, "'>", NULL, 0, HTML_ALT_MAX},
        {"<img alt='", "x", HTML_ALT_MAX + 1, "'>", NULL, 0, HTML_ALT_MAX},
        /* HTML_COMPARED_MAX: a link with a name that is another's, the last one that is looked at and the one behind */
        {"", "<a href=//a.example>text</a>", HTML_COMPARED_MAX - 1, "<a href=//a.example>http://b.example/</a>",
         "a.example", ODD(URL_MISMATCH), 4 * (HTML_COMPARED_MAX - 1) + 17},
        {"", "<a href=//a.example>text</a>", HTML_COMPARED_MAX, "<a href=//a.example>http://b.example/</a>",
         "a.example", 0, 4 * HTML_COMPARED_MAX + 17},
        /* HTML_BASED_MAX */
        {"<base href=http://b.example/>", "<a href=x>", HTML_BASED_MAX - 1, "<a href=//a.example/><a href=y>",
         "b.example", 0, 0},
        {"<base href=http://b.example/>", "<a href=x>", HTML_BASED_MAX, "<a href=//a.example/><a href=y>", "a.example",
         0, 0},
        /* HTML_EARLY_MAX: relative links before their base */
        {"", "<a href=x>", HTML_EARLY_MAX - 1, "<a href=?y><base href=http://a.example/><img src=//b.example>",
         "b.example", 0, 0},
        {"<a href=//b.example>", "<a href=x>", HTML_EARLY_MAX - 1,
         "<a href=//c.example><a href=y><base "
         "href=http://a.example/>",
         "a.example", 0, 0},
        {"", "<a href=?x>", HTML_EARLY_MAX, "<a href=//c.example><a href=y><base href=http://a.example/>", "a.example",
         0, 0},
        /* HTML_WRAPPED_MAX: links of other schemes */
        {"", "<a href=feed:https://b.com/>", HTML_WRAPPED_MAX - 1, "<a href=blob:http://a.com/>", "a.com", 0, 0},
        {"", "<a href=feed:https://b.com/>", HTML_WRAPPED_MAX, "<a href=blob:http://a.com/>", "b.com", 0, 0},
    };
    char *html = malloc(BYTES);
    assert_non_null(html);
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) {
        struct reading r;
        setup(&r, 1 << 16);
        size_t n = (size_t)snprintf(html, BYTES, "%s", LIMITS[i].head);
        for (int k = 0; k < LIMITS[i].count; k++) n += (size_t)snprintf(html + n, BYTES - n, "%s", LIMITS[i].fill);
        n += (size_t)snprintf(html + n, BYTES - n, "%s", LIMITS[i].tail);
        read_html(&r, span_of(html, n));
        span host = r.urls.n ? r.urls.v[r.urls.n - 1].host : SPAN_NONE;
        uint64_t odd = r.odd & (ODD(HIDDEN_TEXT) | ODD(URL_MISMATCH));
        if (!span_eq(host, LIMITS[i].urls ? span_cstr(LIMITS[i].urls) : SPAN_NONE) || odd != LIMITS[i].odd ||
            text_span(&r.visible).n != LIMITS[i].visible)
            fail_msg("%zu: host %.*s, odd %llx, %zu bytes visible", i, SPAN_ARG(host), (unsigned long long)odd,
                     text_span(&r.visible).n);
        arena_close(&r.a);
    }
    free(html);
}

/* More rules than are remembered: those that hide have room of their own, and what is forgotten is told. */
static void remembers_what_hides(void **state)
{
    (void)state;
    enum { BYTES = 1 << 16 };
    static const struct {
        const char *rule; /* with a number in it */
        int count;
        bool hidden, odd; /* is what a rule behind all these hides hidden, and is it odd? */
    } FLOODS[] = {
        {".a%d{color:red}", CSS_RULES_PLAIN, true, false},       {".a%d{color:red}", 4 * CSS_RULES_MAX, true, true},
        {".x.q%d{color:red}", CSS_CHAIN_PLAIN, true, false},     {".x.a%d{color:red}", 4 * CSS_CHAIN_MAX, true, true},
        {".a%d{display:none}", CSS_RULES_MAX, false, true},      {".x.q%d{display:none}", CSS_CHAIN_MAX, false, true},
        {".x{color:red}/*%d*/", 4 * CSS_RULES_MAX, true, false},
    };
    char *html = malloc(BYTES);
    assert_non_null(html);
    for (size_t i = 0; i < sizeof FLOODS / sizeof *FLOODS; i++) {
        struct reading r;
        setup(&r, 1 << 16);
        size_t n = (size_t)snprintf(html, BYTES, "<style>");
        for (int k = 0; k < FLOODS[i].count; k++) n += (size_t)snprintf(html + n, BYTES - n, FLOODS[i].rule, k);
        n += (size_t)snprintf(html + n, BYTES - n, ".x{display:none}</style>a<b class=x>b</b>");
        read_html(&r, span_of(html, n));
        if (span_eq(text_span(&r.hidden), SPAN("b")) != FLOODS[i].hidden ||
            ((r.odd & ODD(STYLE_LIMIT)) != 0) != FLOODS[i].odd)
            fail_msg("%d of %s: odd %llx", FLOODS[i].count, FLOODS[i].rule, (unsigned long long)r.odd);
        arena_close(&r.a);
    }
    free(html);
}

/* Classes whose hashes all belong into one slot: what does not fit is told, and costs no more than the others. */
static void gives_up_colliding_rules(void **state)
{
    (void)state;
    enum { BYTES = 1 << 16, RULES = 64, CLASS = 1 };
    char *html = malloc(BYTES), name[8];
    assert_non_null(html);
    size_t n = (size_t)snprintf(html, BYTES, "<style>");
    for (int i = 0, kept = 0; kept < RULES; i++) {
        snprintf(name, sizeof name, "q%d", i);
        if ((hash64(span_cstr(name), CLASS) >> 1) % (2 * CSS_RULES_MAX)) continue;
        n += (size_t)snprintf(html + n, BYTES - n, ".%s{display:none}", name);
        kept++;
    }
    n += (size_t)snprintf(html + n, BYTES - n, ".x{display:none}</style><b class=%s>a</b><b class=x>b</b>", name);
    struct reading r;
    setup(&r, 1 << 16);
    read_html(&r, span_of(html, n));
    assert_true(r.odd & ODD(STYLE_LIMIT));
    assert_true(span_eq(text_span(&r.visible), SPAN("a")));
    assert_true(span_eq(text_span(&r.hidden), SPAN("b")));
    arena_close(&r.a);
    free(html);
}

/* Full texts, lists and arenas: reading goes on and says so. */
static void reads_on_when_full(void **state)
{
    (void)state;
    static const char HTML[] =
        "<a href=http://one.example.com/>one</a> <a href=http://two.example.com/>two</a><b hidden>x</b>"
        "<a href=http://three.example.com/>www.example.net</a>";
    struct reading r = {0};
    assert_int_equal(arena_open(&r.a, 4096), ERR_OK);
    text_init(&r.visible, &r.a, 5);
    text_init(&r.hidden, &r.a, 0);
    url_list_init(&r.urls, &r.a, 2);
    read_html(&r, SPAN(HTML));
    assert_true(span_eq(text_span(&r.visible), SPAN("one t")));
    assert_true(r.visible.full && r.hidden.full);
    assert_int_equal(r.urls.n, 2);
    assert_true(r.urls.odd & ODD(URL_LIMIT));
    assert_true(r.odd & ODD(HIDDEN_TEXT));
    assert_int_equal(r.shape.links, 3);
    arena_close(&r.a);

    r = (struct reading){0};
    assert_int_equal(arena_open(&r.a, 64), ERR_OK);
    text_init(&r.visible, &r.a, 32);
    text_init(&r.hidden, &r.a, 32);
    url_list_init(&r.urls, &r.a, 16);
    assert_int_equal(r.urls.cap, 0);
    read_html(&r, SPAN(HTML));
    assert_int_equal(r.urls.n, 0);
    assert_true(r.urls.odd & ODD(URL_LIMIT));
    arena_close(&r.a);
}

static void counts_the_shape(void **state)
{
    (void)state;
    struct reading r;
    setup(&r, 1 << 16);
    read_html(&r,
              SPAN("<style></style><table><tr><td><font size=2><a href=http://example.com/>a</a><a name=x></a></font>"
                   "<img src=x><img src=y width=1 height=1><img style='width:0;height:1px'></table><!-- c --><form>"
                   "<p style='color:red'></form><script></script><img src=z style='display:none'>"));
    const struct html_shape *s = &r.shape;
    assert_int_equal(s->links, 1);
    assert_int_equal(s->images, 4);
    assert_int_equal(s->pixels, 3);
    assert_int_equal(s->forms, 1);
    assert_int_equal(s->scripts, 1);
    assert_int_equal(s->comments, 1);
    assert_int_equal(s->tables, 1);
    assert_int_equal(s->fonts, 1);
    assert_int_equal(s->styles, 4);
    assert_int_equal(s->tags, 14);
    arena_close(&r.a);
}

/* What some readers see and others do not. */
static void keeps_the_other_side(void **state)
{
    (void)state;
    static const struct {
        const char *html, *other;
    } OTHERS[] = {
        {"a<!--[if mso]><p>b &amp; c</p><img alt=d><style>e</style>f<![endif]-->g", "b & c\nd f"},
        {"<!--[if gte mso 9]><xml><w:x>1</w:x></xml><![endif]--><!--[if !mso]>2<![endif]--><!-- [if mso]>3 --><!--4-->",
         "3"},
        {"<!--[if mso]><table><tr><td>a<td>b<![endif]-->c<!--[if vml]><v:p/>d<<br>e<a", "a b\nd<\ne"},
        {"<style>p::before{content:'a \\62' \"c\" attr(x)}q{content:'\\201C'}r{align-content:'d'}s{/**/content : 'e;}'}"
         "</style>",
         "a b\nc\ne;}"},
        {"<style>@media screen{a:after{content:' \\2014  '}}b{content:'f", "f"},
    };
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        struct reading r;
        setup(&r, 1 << 16);
        read_html(&r, span_cstr(OTHERS[i].html));
        if (!span_eq(text_span(&r.other), span_cstr(OTHERS[i].other)))
            fail_msg("%s: \"%.*s\"", OTHERS[i].html, SPAN_ARG(text_span(&r.other)));
        arena_close(&r.a);
    }
}

/* NULs in text are not there for browsers; a tag with one is another tag. */
static void passes_over_nuls(void **state)
{
    (void)state;
    struct reading r;
    setup(&r, 1 << 16);
    read_html(&r, SPAN("V\0ia\0\0gra &am\0p; <b\0>x</b\0> <p hidden\0>y"));
    assert_true(span_eq(text_span(&r.visible), SPAN("Viagra &amp; x\ny")));
    arena_close(&r.a);
}

/* Two parts of one mail: what one leaves open does not reach into the other. */
static void parts_documents(void **state)
{
    (void)state;
    struct reading r;
    setup(&r, 1 << 16);
    read_html(&r, SPAN("<b hidden><a href=http://example.com/>a"));
    read_html(&r, SPAN("b http://example.net/"));
    assert_true(span_eq(text_span(&r.visible), SPAN("b http://example.net/")));
    assert_int_equal(r.urls.n, 2);
    arena_close(&r.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_a_reader_sees), cmocka_unit_test(shows_the_same_in_pieces),
        cmocka_unit_test(knows_each_name),          cmocka_unit_test(reads_storms),
        cmocka_unit_test(reads_beyond_the_depth),   cmocka_unit_test(reads_up_to_each_limit),
        cmocka_unit_test(remembers_what_hides),     cmocka_unit_test(gives_up_colliding_rules),
        cmocka_unit_test(reads_on_when_full),       cmocka_unit_test(counts_the_shape),
        cmocka_unit_test(keeps_the_other_side),     cmocka_unit_test(passes_over_nuls),
        cmocka_unit_test(parts_documents),
    };
    return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
