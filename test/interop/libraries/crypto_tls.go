// An end of TLS on Go's crypto/tls: what ../library-programs.ts tells it by the environment it
// insists on, standard input is sent, what is received goes to standard output.
// TLS 1.3's suites cannot be chosen here.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
)

var groups = map[string]tls.CurveID{"X25519": tls.X25519, "P-256": tls.CurveP256, "P-384": tls.CurveP384}

func main() {
	config, err := configuration()
	if err != nil {
		fail(err)
	}
	if os.Getenv("TLS_ROLE") == "server" {
		serve(config)
		return
	}
	visits, _ := strconv.Atoi(os.Getenv("TLS_VISITS"))
	for ; visits > 0; visits-- {
		socket, err := net.Dial("tcp4", "127.0.0.1:"+os.Getenv("TLS_PORT"))
		if err != nil {
			fail(err)
		}
		converse(tls.Client(socket, config))
	}
}

func serve(config *tls.Config) {
	door, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	fmt.Printf("port %d\n", door.Addr().(*net.TCPAddr).Port)
	for {
		socket, err := door.Accept()
		if err != nil {
			fail(err)
		}
		converse(tls.Server(socket, config))
	}
}

func configuration() (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS13,
		NextProtos:         []string{os.Getenv("TLS_ALPN")},
		ServerName:         "localhost",
		InsecureSkipVerify: true,
		ClientAuth:         tls.RequireAnyClientCert,
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
	if os.Getenv("TLS_VERSION") == "1.2" {
		config.MinVersion, config.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	}
	for _, name := range strings.Split(os.Getenv("TLS_GROUPS"), ":") {
		if group, ok := groups[name]; ok {
			config.CurvePreferences = append(config.CurvePreferences, group)
		}
	}
	if os.Getenv("TLS_ASK") == "no" {
		config.ClientAuth = tls.NoClientCert
	}
	return config, loadFiles(config)
}

func loadFiles(config *tls.Config) error {
	if file := os.Getenv("TLS_CERTIFICATE"); file != "" {
		own, err := tls.LoadX509KeyPair(file, os.Getenv("TLS_KEY"))
		if err != nil {
			return err
		}
		config.Certificates = []tls.Certificate{own}
	}
	file := os.Getenv("TLS_AUTHORITY")
	if file == "" {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return errors.New("the authority")
	}
	config.RootCAs, config.ClientCAs, config.InsecureSkipVerify = pool, pool, false
	if config.ClientAuth != tls.NoClientCert {
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return nil
}

// One connection, from the handshake to its end; at the end of the input close_notify is sent.
func converse(end *tls.Conn) {
	defer closeAfterWrites(end)
	if err := end.Handshake(); err != nil {
		fmt.Println("error:", err)
		return
	}
	state := end.ConnectionState()
	key, err := state.ExportKeyingMaterial(os.Getenv("TLS_LABEL"), nil, 32)
	if err != nil {
		fail(err)
	}
	fmt.Printf("exported %x\n", key)
	sending.Lock()
	current = end
	sending.Unlock()
	typist.Do(func() { go send() })
	if _, err := io.Copy(os.Stdout, end); err != nil {
		fmt.Println("error:", err)
	}
}

// Whoever closes while somebody writes sends no close_notify.
func closeAfterWrites(end *tls.Conn) {
	sending.Lock()
	defer sending.Unlock()
	end.Close()
}

var (
	current *tls.Conn
	sending sync.Mutex // guards current, and whoever sends or closes
	typist  sync.Once
)

// Sends standard input to whichever connection there is: one reader, however many connections.
func send() {
	buffer := make([]byte, 20000)
	for {
		length, err := os.Stdin.Read(buffer)
		sending.Lock()
		if err == nil {
			current.Write(buffer[:length])
		} else {
			current.CloseWrite()
		}
		sending.Unlock()
		if err != nil {
			return
		}
	}
}

func fail(err error) {
	fmt.Println("error:", err)
	os.Exit(1)
}
