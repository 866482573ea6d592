/**
 * Starts a program of Gerrit's jars (com.google.gerrit.pgm.Init, …Daemon) without the war's own launcher.
 *
 * With -Drun.watch=stdin it ends at once when its standard input ends: whoever holds the other end of that pipe may
 * die in any way, and the server doesn't outlive it. Only for disposable sites.
 */
public class Run {
    public static void main(String[] args) throws Exception {
        if ("stdin".equals(System.getProperty("run.watch"))) {
            var watch = new Thread(Run::haltAtEndOfInput, "watch-stdin");
            watch.setDaemon(true);
            watch.start();
        }
        var program = Class.forName(args[0]).getDeclaredConstructor().newInstance();
        var rest = java.util.Arrays.copyOfRange(args, 1, args.length);
        System.exit((Integer) program.getClass().getMethod("main", String[].class).invoke(program, (Object) rest));
    }

    private static void haltAtEndOfInput() {
        try {
            while (System.in.read() >= 0) {}
        } catch (java.io.IOException gone) {
            // the same as the end
        }
        Runtime.getRuntime().halt(0);
    }
}
