package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody bounds what the origin reads of a request.
const maxBody = 16 << 20

type product struct {
	ID    int      `json:"id"`
	Name  string   `json:"name"`
	Price int      `json:"price_cents"`
	Tags  []string `json:"tags"`
}

var catalogue = []product{
	{1, "Stoneware mug", 1400, []string{"kitchen", "blue"}},
	{2, "Linen towel", 1900, []string{"kitchen"}},
	{3, "Oak board", 3200, []string{"kitchen", "wood"}},
	{4, "Brass lamp", 8900, []string{"light"}},
}

func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html lang=\"en\">\n<head><title>The shop</title>" +
		"<link rel=\"stylesheet\" href=\"/app.css\"><script src=\"/app.js\"></script></head>\n<body>\n<h1>The shop</h1>\n<ul>\n")
	for _, p := range catalogue {
		fmt.Fprintf(&b, "<li data-id=\"%d\">%s <b>%d.%02d</b></li>\n", p.ID, html.EscapeString(p.Name), p.Price/100, p.Price%100)
	}
	b.WriteString("</ul>\n<!-- the cart is filled by app.js -->\n</body>\n</html>\n")
	zipped(w, []byte(b.String()))
}

// zipped writes a body with gzip.
func zipped(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	z.Write(body)
	z.Close()
}

func search(w http.ResponseWriter, r *http.Request) {
	want := strings.ToLower(r.URL.Query().Get("q"))
	w.Header().Set("Content-Type", "application/xml")
	fmt.Fprintf(w, "<?xml version=\"1.0\"?>\n<results>")
	for _, p := range catalogue {
		if strings.Contains(strings.ToLower(p.Name), want) {
			fmt.Fprintf(w, "<product id=\"%d\"><name>%s</name></product>", p.ID, html.EscapeString(p.Name))
		}
	}
	fmt.Fprintf(w, "</results>\n")
}

func login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if r.FormValue("user") == "" {
		http.Error(w, "who are you?", http.StatusForbidden)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "f00dcafe", Path: "/", HttpOnly: true, Expires: time.Now().Add(time.Hour)})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func cart(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	writeJSON(w, 200, map[string]any{"cart": r.PostForm, "items": len(r.PostForm["product"])})
}

func products(w http.ResponseWriter, r *http.Request) {
	if match := r.Header.Get("If-None-Match"); match == `"v1"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body, err := json.Marshal(map[string]any{"page": r.URL.Query().Get("page"), "products": catalogue})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", `"v1"`)
	zipped(w, body)
}

// order echoes an order, or says what is wrong with it.
func order(w http.ResponseWriter, r *http.Request) {
	var o map[string]any
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&o); err != nil {
		writeJSON(w, 422, map[string]any{"title": "an order is a JSON object", "detail": err.Error()})
		return
	}
	o["status"] = "accepted"
	code := 201
	if r.Method == http.MethodPut {
		code = 200
	}
	writeJSON(w, code, o)
}

func broken(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, 500, map[string]any{"title": "the database is on holiday", "status": 500})
}

func upload(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	writeJSON(w, 200, map[string]any{"bytes": n})
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

// static serves what belongs to the pages.
func static(w http.ResponseWriter, r *http.Request) {
	kind, body := "", []byte(nil)
	switch r.PathValue("name") {
	case "app.css":
		kind, body = "text/css", []byte("body{font:16px/1.5 serif;margin:2em auto;max-width:40em}li b{float:right}@media print{h1{display:none}}\n")
	case "app.js":
		kind, body = "text/javascript", []byte("(()=>{const q=s=>document.querySelector(s);q('ul').onclick=e=>fetch('/cart',"+
			"{method:'POST',body:new URLSearchParams({product:e.target.dataset.id})})})();\n")
	case "logo.png":
		kind, body = "image/png", logo()
	case "catalogue.json":
		kind, body = "application/json", big()
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write(body)
}

func logo() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			img.Set(x, y, color.RGBA{uint8(4 * x), uint8(4 * y), 160, 255})
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img)
	return b.Bytes()
}

// big is a body of about a megabyte.
func big() []byte {
	all := make([]product, 0, 12_000)
	for i := range cap(all) {
		p := catalogue[i%len(catalogue)]
		p.ID = i
		all = append(all, p)
	}
	b, _ := json.Marshal(all)
	return b
}
