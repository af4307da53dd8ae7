import java.io.BufferedInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.cjk.CJKAnalyzer;
import org.apache.lucene.analysis.cn.smart.SmartChineseAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.MMapDirectory;

/**
 * Lucene for the comparison: {@code build ANALYZER FOLDER TSV} makes an index, {@code serve ANALYZER FOLDER PORT} answers {@code POST /search} with
 * {"q": …, "limit": …} by a JSON list of ids. A thread a connection, nothing else: what HTTP costs is next to nothing.
 */
public final class Server {
    private static final String[] FIELDS = {"title", "category", "body"};
    private static final float[] WEIGHTS = {1.0f, 0.3f, 0.3f};

    public static void main(String[] arguments) throws Exception {
        Analyzer analyzer = arguments[1].equals("cjk") ? new CJKAnalyzer() : new SmartChineseAnalyzer();
        Path folder = Path.of(arguments[2]);
        if (arguments[0].equals("build")) {
            build(analyzer, folder, Path.of(arguments[3]));
        } else {
            serve(analyzer, folder, Integer.parseInt(arguments[3]));
        }
    }

    private static void build(Analyzer analyzer, Path folder, Path table) throws Exception {
        FieldType counted = new FieldType();
        counted.setIndexOptions(IndexOptions.DOCS_AND_FREQS);
        counted.setTokenized(true);
        counted.freeze();
        IndexWriterConfig config = new IndexWriterConfig(analyzer).setRAMBufferSizeMB(512);
        try (IndexWriter writer = new IndexWriter(new MMapDirectory(folder), config); var lines = Files.lines(table)) {
            for (String line : (Iterable<String>) lines::iterator) {
                String[] cells = line.split("\t", -1);
                Document document = new Document();
                document.add(new StoredField("id", cells[0]));
                for (int i = 0; i < FIELDS.length; i++) {
                    document.add(new Field(FIELDS[i], cells[i + 1], counted));
                }
                writer.addDocument(document);
            }
            writer.forceMerge(1);
        }
    }

    private static void serve(Analyzer analyzer, Path folder, int port) throws Exception {
        IndexSearcher searcher = new IndexSearcher(DirectoryReader.open(new MMapDirectory(folder)));
        try (ServerSocket listener = new ServerSocket(port, 64, InetAddress.getLoopbackAddress())) {
            while (true) {
                Socket line = listener.accept();
                line.setTcpNoDelay(true);
                Thread thread = new Thread(() -> answerAll(searcher, analyzer, line));
                thread.setDaemon(true);
                thread.start();
            }
        }
    }

    /** Answers the requests of one connection until it ends. */
    private static void answerAll(IndexSearcher searcher, Analyzer analyzer, Socket line) {
        try (line; InputStream in = new BufferedInputStream(line.getInputStream()); OutputStream out = line.getOutputStream()) {
            for (String body = body(in); body != null; body = body(in)) {
                byte[] content = body.isEmpty() ? "[]".getBytes(StandardCharsets.UTF_8) : search(searcher, analyzer, body);
                byte[] head = ("HTTP/1.1 200 OK\r\ncontent-length: " + content.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
                byte[] whole = new byte[head.length + content.length];
                System.arraycopy(head, 0, whole, 0, head.length);
                System.arraycopy(content, 0, whole, head.length, content.length);
                out.write(whole);
            }
        } catch (Exception end) {
            System.err.println(end);
        }
    }

    /** The body of the next request, or null where the connection ends. */
    private static String body(InputStream in) throws Exception {
        int length = 0;
        StringBuilder header = new StringBuilder();
        for (int next = in.read(); ; next = in.read()) {
            if (next < 0) {
                return null;
            }
            if (next != '\n') {
                header.append((char) next);
                continue;
            }
            String text = header.toString().trim().toLowerCase();
            header.setLength(0);
            if (text.isEmpty()) {
                return new String(in.readNBytes(length), StandardCharsets.UTF_8);
            }
            if (text.startsWith("content-length:")) {
                length = Integer.parseInt(text.substring(15).trim());
            }
        }
    }

    private static byte[] search(IndexSearcher searcher, Analyzer analyzer, String body) throws Exception {
        int limit = Integer.parseInt(body.substring(body.lastIndexOf(':') + 1, body.lastIndexOf('}')).trim());
        BooleanQuery.Builder query = new BooleanQuery.Builder();
        for (String term : terms(analyzer, question(body))) {
            for (int i = 0; i < FIELDS.length; i++) {
                query.add(new BoostQuery(new TermQuery(new Term(FIELDS[i], term)), WEIGHTS[i]), BooleanClause.Occur.SHOULD);
            }
        }
        StringBuilder ids = new StringBuilder("[");
        for (ScoreDoc hit : searcher.search(query.build(), limit).scoreDocs) {
            ids.append(ids.length() > 1 ? ",\"" : "\"").append(searcher.doc(hit.doc).get("id")).append('"');
        }
        return ids.append(']').toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The text of "q", which comes first and is followed by "limit". */
    private static String question(String body) {
        StringBuilder text = new StringBuilder();
        int end = body.lastIndexOf("\", \"limit\"");
        for (int at = body.indexOf(": \"") + 3; at < end; at++) {
            char next = body.charAt(at);
            if (next == '\\') {
                at++;
                text.append(Character.isLetter(body.charAt(at)) ? ' ' : body.charAt(at));
            } else {
                text.append(next);
            }
        }
        return text.toString();
    }

    private static Set<String> terms(Analyzer analyzer, String text) throws Exception {
        Set<String> terms = new LinkedHashSet<>();
        try (TokenStream tokens = analyzer.tokenStream("body", text)) {
            CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
            tokens.reset();
            while (tokens.incrementToken() && terms.size() < 300) {
                terms.add(term.toString());
            }
            tokens.end();
        }
        return terms;
    }
}
