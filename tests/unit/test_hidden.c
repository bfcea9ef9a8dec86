/* SPDX-License-Identifier: Apache-2.0 */
/* test_hidden: what is kept from a reader: by style, by what a style stands on, by rules of style sheets.
 *
 * Expected values are what browsers show; line ends in them stand for blocks. */
#include "tests/unit/read_html.h"

static const struct html_case CASES[] = {
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
    {"<style>.y display:none}.x{font-size:0}</style><p class=x>a", "a", "", "", 0}, /* one brace less: no rule at all */
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
};

static void hides_what_no_reader_sees(void **state)
{
    (void)state;
    assert_int_equal(count_wrong(CASES, sizeof CASES / sizeof *CASES), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_what_no_reader_sees),
    };
    return cmocka_run_group_tests_name("hidden", tests, NULL, NULL);
}
